/** What a poll answers: HTTP 200 and this, as a rule. */
export interface PollAnswer {
  status: number;
  token?: string;
  messages?: string[];
}

/** A long-polling client of one session, request by request. */
export class LongPollClient {
  readonly url: string;
  token: string | null = null;

  constructor(wsUrl: string, path = '/socket/longpoll', query = 'vsn=2.0.0') {
    this.url = `${wsUrl.replace('ws:', 'http:')}${path}?${query}`;
  }

  static async open(wsUrl: string, path?: string, query?: string): Promise<LongPollClient> {
    const client = new LongPollClient(wsUrl, path, query);
    const { status, token } = await client.poll();
    if (status !== 410 || token === undefined) throw new Error(`no session: ${status}`);
    client.token = token;
    return client;
  }

  async poll(init: RequestInit = {}): Promise<PollAnswer> {
    return (await (await fetch(this.#tokenUrl(), init)).json()) as PollAnswer;
  }

  /** The decoded messages of the next poll that has any. */
  async frames(): Promise<unknown[]> {
    for (;;) {
      const { status, messages = [] } = await this.poll();
      if (status !== 200 && status !== 204) throw new Error(`the poll answered ${status}`);
      if (messages.length > 0) return messages.map((text) => JSON.parse(text) as unknown);
    }
  }

  post(body: string | Uint8Array, contentType = 'application/x-ndjson'): Promise<Response> {
    return fetch(this.#tokenUrl(), { method: 'POST', body: Buffer.from(body), headers: { 'content-type': contentType } });
  }

  /** Sends frames as one batch; the status in the JSON. */
  async send(...frames: unknown[]): Promise<number> {
    const lines = frames.map((frame) => (Buffer.isBuffer(frame) ? frame.toString('base64') : JSON.stringify(frame)));
    return ((await (await this.post(lines.join('\n'))).json()) as PollAnswer).status;
  }

  #tokenUrl(): string {
    return this.token === null ? this.url : `${this.url}&token=${this.token}`;
  }
}
