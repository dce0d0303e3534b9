import { splitLinks } from '../links.ts';

/** One to six emoji alone, which are shown large. */
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}[\uFE0F\u200D\p{Emoji_Modifier}]*){1,6}$/u;

/** What somebody wrote: text nodes and links to http and https, never HTML. */
export function MessageText({ content }: { content: string }) {
  return (
    <p class={ONLY_EMOJI.test(content) ? 'text jumbo' : 'text'} dir="auto">
      {splitLinks(content).map(({ text, href }, index) =>
        href === undefined ? (
          text
        ) : (
          <a key={index} href={href} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        ),
      )}
    </p>
  );
}
