import { fork, type ChildProcess } from 'node:child_process';

/** Runs a file of `fixtures` as a process. `message` is what it says first; it rejects when the process ends without a word. */
export function startFixture<Message>(name: string, place: object): { child: ChildProcess; message: Promise<Message> } {
  const child = fork(new URL(`../fixtures/${name}.ts`, import.meta.url), [JSON.stringify(place)], { execArgv: [] });
  const message = new Promise<Message>((resolve, reject) => {
    child.once('message', (value) => resolve(value as Message));
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it said anything`)));
  });
  return { child, message };
}
