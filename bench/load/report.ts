/** One line of a table of figures. */
export interface Result {
  row: string;
  metrics: Record<string, number>;
}

/** A Markdown table under a title; columns are those of all rows. */
export function report(title: string, results: readonly Result[]): string {
  const columns = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))];
  const lines = results.map(({ row, metrics }) => [row, ...columns.map((column) => short(metrics[column] ?? NaN))]);
  const table = [['', ...columns], ['---', ...columns.map(() => '---:')], ...lines].map((cells) => `| ${cells.join(' | ')} |\n`);
  return `\n${title}\n\n${table.join('')}`;
}

/** Three figures that matter, and thousands in full. */
function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** The number of an option. @throws RangeError that says what is allowed */
export function bounded(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`--${option} ${text}: a whole number from ${least} to ${most} is allowed`);
  }
  return value;
}

/** The names of an option, separated by commas. @throws RangeError that says which there are */
export function chosen(option: string, text: string, all: object): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) throw new RangeError(`--${option}: there is no ${unknown}, but ${Object.keys(all).join(', ')}`);
  return names;
}
