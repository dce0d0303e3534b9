import { readFile } from 'node:fs/promises';

/** A page of the docs folder. */
export function readDoc(name: string): Promise<string> {
  return readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');
}

/** The cells of the table rows of a page that begin with a name in code marks. */
export function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '));
}
