import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WORD = /^([a-z'.-]+)(?:\(\d+\))? (\d+\.\d+) (\d+\.\d+) \d+\.\d+$/;

/** A request as the server got it: the fields of a form, or JSON. */
export interface OpenAiRequest {
  path: string;
  authorization: string | undefined;
  fields: Record<string, unknown>;
  /** What was uploaded. */
  file?: { name: string; bytes: Buffer };
}

/** Answers a request in place of the server; one that does not end the response leaves the client waiting. */
export type Answer = (response: ServerResponse, request: OpenAiRequest) => void | Promise<void>;

export interface OpenAiServer {
  /** For OPENAI_BASE_URL. */
  url: string;
  requests: OpenAiRequest[];
  /** How the next requests are answered, one after the other; after them as usual. */
  next(...answers: Answer[]): void;
  close(): Promise<void>;
}

/**
 * A server that speaks like OpenAI's API, over true HTTP: it recognises speech by the engine that is installed, and flags what holds the
 * word `kill`.
 */
export async function startOpenAi(): Promise<OpenAiServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'armoricore-openai-'));
  const requests: OpenAiRequest[] = [];
  const planned: Answer[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    requests.push(request);
    const usual: Answer = request.path.endsWith('/moderations') ? moderate : transcribe;
    await (planned.shift() ?? usual)(response, request);
  }

  const transcribe: Answer = async (response, { file }) => {
    const wav = path.join(folder, `${requests.length}.wav`);
    await writeFile(wav, file!.bytes);
    const { stdout } = await run('pocketsphinx_continuous', ['-infile', wav, '-time', 'yes', '-logfn', '/dev/null'], { timeout: 60_000 });
    const words = stdout.split('\n').flatMap((line) => {
      const [, word, start, end] = WORD.exec(line) ?? [];
      return word === undefined ? [] : [{ word, start: Number(start), end: Number(end) }];
    });
    sendJson(response, { task: 'transcribe', language: 'english', duration: 1, text: words.map(({ word }) => word).join(' '), words });
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    next: (...answers) => void planned.push(...answers),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const moderate: Answer = (response, { fields }) => {
  const flagged = String(fields['input']).includes('kill');
  sendJson(response, { id: 'modr-1', model: fields['model'], results: [{ flagged, categories: { violence: flagged, harassment: false }, category_scores: {} }] });
};

export function sendJson(response: ServerResponse, body: unknown, { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function read(incoming: IncomingMessage): Promise<OpenAiRequest> {
  const body = await buffer(incoming);
  const type = incoming.headers['content-type'] ?? '';
  const about = { path: incoming.url ?? '', authorization: incoming.headers.authorization };
  if (!type.startsWith('multipart/')) return { ...about, fields: JSON.parse(body.toString()) as Record<string, unknown> };
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const file = form.get('file') as File;
  const fields = Object.fromEntries([...form.entries()].filter(([name]) => name !== 'file'));
  return { ...about, fields, file: { name: file.name, bytes: Buffer.from(await file.arrayBuffer()) } };
}
