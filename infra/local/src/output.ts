import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { formatLogLine } from './format.ts';

/** Where log lines go: to a person in a terminal as readable lines, to anything else as the JSON that they are. */
export interface Output {
  /** A child's stream must be given to `pipe`; otherwise the child writes to our own descriptor. */
  readable: boolean;
  write(line: string): void;
  pipe(stream: Readable): void;
}

export function createOutput(stream: NodeJS.WriteStream): Output {
  const readable = stream.isTTY === true;
  const write = (line: string): void => {
    stream.write(readable ? `${formatLogLine(line.trimEnd())}\n` : line);
  };
  return { readable, write, pipe: (source) => void createInterface({ input: source }).on('line', (line) => write(`${line}\n`)) };
}
