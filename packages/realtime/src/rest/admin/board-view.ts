import { redactJob } from './redact.ts';

interface BoardQueue {
  jobs?: unknown[];
}

/**
 * An answer of Bull Board's API as its reader may see it: jobs redacted, logs left out, and for who only looks on every queue
 * marked as read-only, so that the page shows no buttons.
 */
export function viewOf(route: string, body: unknown, { readOnly }: { readOnly: boolean }): unknown {
  if (route.endsWith('/logs')) return [];
  if (typeof body !== 'object' || body === null) return body;
  const { queues, job, ...rest } = body as { queues?: BoardQueue[]; job?: object };
  return {
    ...rest,
    ...(queues && { queues: queues.map((queue) => queueView(queue, readOnly)) }),
    ...(job && { job: redactJob(job) }),
  };
}

function queueView({ jobs = [], ...queue }: BoardQueue, readOnly: boolean): object {
  const rights = readOnly ? { readOnlyMode: true, allowRetries: false } : {};
  // What is done has its result: there is nothing to do again.
  return { ...queue, jobs: jobs.map((job) => redactJob(job as object)), allowCompletedRetries: false, ...rights };
}

/** Of the page: what asks another host for fonts. */
const FOREIGN_FONTS = /<link href="https:\/\/fonts\.[^>]*>/g;
/** Buttons for what the server refuses: duplicate, edit, add, empty, obliterate. */
const REFUSED = ['button:has(> .lucide-files)', 'button:has(> .lucide-pencil)', '[role=menuitem]:has(> .lucide-plus, > .lucide-trash-2, > .lucide-ban)'];

/** Bull Board's page as we serve it. */
export function pageOf(html: string): string {
  return html.replaceAll(FOREIGN_FONTS, '').replace('</head>', `<style>${REFUSED.join(', ')} { display: none }</style></head>`);
}
