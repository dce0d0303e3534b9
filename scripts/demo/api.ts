import { DemoError, refusal } from './error.ts';

const ANSWER_MS = 30_000;

export interface UploadTicket {
  media_id: string;
  upload: { method: string; url: string; headers: Record<string, string> };
}

export interface Api {
  token: string;
  createUpload(request: { filename: string; size_bytes: number; public: boolean }): Promise<UploadTicket>;
  completeUpload(mediaId: string): Promise<void>;
}

/**
 * The REST API of the server at `base`. Without a token it asks for a development session.
 * @throws DemoError when nothing answers there, or a token is needed
 */
export async function connectApi(base: string, givenToken: string | undefined, signal: AbortSignal): Promise<Api> {
  const post = createPost(base, signal);
  const token = givenToken ?? (await startSession(post));
  return {
    token,
    createUpload: (request) => post<UploadTicket>('/api/v1/media/uploads', request, token),
    async completeUpload(mediaId) {
      await post(`/api/v1/media/${encodeURIComponent(mediaId)}/complete`, {}, token);
    },
  };
}

type Post = <T>(path: string, body: unknown, token?: string) => Promise<T>;

async function startSession(post: Post): Promise<string> {
  try {
    return (await post<{ token: string }>('/dev/session', { user_id: 'demo' })).token;
  } catch (error) {
    if (!(error instanceof DemoError) || error.reason !== 'not_found') throw error;
    throw new DemoError('unauthorized', 'This server gives no development sessions: pass --token TOKEN.');
  }
}

function createPost(base: string, signal: AbortSignal): Post {
  return async <T>(path: string, body: unknown, token?: string): Promise<T> => {
    const response = await fetch(new URL(path, base), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw unreachable(base, error);
    });
    const text = await response.text();
    if (!response.ok) throw refusal(response.status, text);
    return JSON.parse(text) as T;
  };
}

function unreachable(base: string, error: unknown): DemoError {
  const { origin } = new URL(base);
  if (error instanceof Error && error.name === 'TimeoutError') return new DemoError('unavailable', `${origin} does not answer.`);
  return new DemoError('unavailable', `No server runs at ${origin}. Start it with \`npm start\`, or name another by --url.`);
}
