import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { waitFor } from '../../../../test/support/wait.ts';
import { mount, type ConnectInfo, type SocketHandler } from '../../src/engine/index.ts';
import { RawClient, startEngine } from '../support/engine.ts';
import { roomSocket } from '../support/room.ts';

/** Notes what `connect` is told. */
function spy(): { infos: ConnectInfo[]; socket: SocketHandler<null> } {
  const infos: ConnectInfo[] = [];
  return { infos, socket: { channels: [], connect: (info) => (infos.push(info), { identity: null }) } };
}

/** The answer to an upgrade: its status, and what was agreed upon. */
function shake(url: string, { protocols = [], ...options }: WebSocket.ClientOptions & { protocols?: string[] } = {}) {
  return new Promise<{ status: number; protocol?: string; extensions?: string; body?: string }>((resolve, reject) => {
    const ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    ws.on('upgrade', ({ headers }) => {
      const { 'sec-websocket-protocol': protocol, 'sec-websocket-extensions': extensions } = headers;
      resolve({ status: 101, ...(protocol === undefined ? {} : { protocol }), ...(typeof extensions === 'string' ? { extensions } : {}) });
      ws.terminate();
    });
    ws.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    // After a 101 with sub-protocols that nobody chose, and on terminate.
    ws.on('error', (error) => setImmediate(reject, error));
  });
}

describe('origins', () => {
  const start = (...origins: string[]) => startEngine({ mounts: [mount('/socket', spy().socket, { origins })] });

  it.each([
    ['//example.com', 'http://example.com', 101],
    ['//example.com', 'https://example.com:8443', 101],
    ['//example.com', 'https://EXAMPLE.com', 101],
    ['//example.com', 'http://sub.example.com', 403],
    ['//example.com', 'http://example.com.evil.org', 403],
    ['//example.com', 'null', 403],
    ['//example.com', 'garbage', 403],
    ['//example.com:8443', 'https://example.com:8443', 101],
    ['//example.com:8443', 'https://example.com', 403],
    ['//*.example.com', 'http://a.b.example.com', 101],
    ['//*.example.com', 'http://evil-example.com', 403],
    ['https://example.com', 'https://example.com', 101],
    ['https://example.com', 'http://example.com', 403],
    ['https://example.com:8443', 'https://example.com', 403],
  ])('%s meets %s with %i', async (allowed, origin, status) => {
    const { url } = await start(allowed);
    expect((await shake(`${url}/socket/websocket`, { origin })).status).toBe(status);
  });

  it('lets programs in, which send none, and everybody where no list is', async () => {
    const { url } = await start('//example.com');
    expect((await shake(`${url}/socket/websocket`)).status).toBe(101);
    const open = await startEngine({ mounts: [mount('/socket', spy().socket)] });
    expect((await shake(`${open.url}/socket/websocket`, { origin: 'null' })).status).toBe(101);
  });

  it.each(['example.com', 'ws://example.com', '//example.com/path', ''])('teaches what is wrong with %j', (origin) => {
    expect(() => mount('/socket', spy().socket, { origins: [origin] })).toThrow('allowed are //example.com, //*.example.com and https://example.com:8443');
  });
});

describe('sub-protocols', () => {
  it('answers the first of its own list that is offered, and refuses an offer of others', async () => {
    const { url } = await startEngine({ mounts: [mount('/socket', spy().socket, { subprotocols: ['conf.v1', 'conf.v2'] })] });
    const path = `${url}/socket/websocket`;
    expect(await shake(path, { protocols: ['conf.v2', 'conf.v1'] })).toEqual({ status: 101, protocol: 'conf.v1' });
    expect(await shake(path, { protocols: ['other', 'conf.v2'] })).toEqual({ status: 101, protocol: 'conf.v2' });
    expect(await shake(path, { protocols: ['other'] })).toEqual({ status: 403, body: '' });
    expect(await shake(path)).toEqual({ status: 101 });
  });

  const PREFIX = 'base64url.bearer.phx.';
  it.each([
    ['standard base64', 'Pz8/Pj4+', '???>>>'],
    ['the URL alphabet', 'Pz8_Pj4-', '???>>>'],
    ['no padding', 'YQ', 'a'],
    ['an empty token', '', ''],
  ])('takes an auth token in %s and answers phoenix', async (_what, encoded, token) => {
    const { infos, socket } = spy();
    const { port } = await startEngine({ mounts: [mount('/socket', socket, { authToken: true })] });
    expect(await rawUpgrade(port, `phoenix, ${PREFIX}${encoded}`)).toMatch(/^HTTP\/1.1 101 [^]*sec-websocket-protocol: phoenix\r\n/i);
    expect(infos[0]?.authToken).toBe(token);
  });

  it.each(['a', '%%%%', 'YQ=a', 'a b'])('refuses the auth token %j, which is not base64', async (encoded) => {
    const { infos, socket } = spy();
    const { port } = await startEngine({ mounts: [mount('/socket', socket, { authToken: true })] });
    expect(await rawUpgrade(port, `phoenix, ${PREFIX}${encoded}`)).toMatch(/^HTTP\/1.1 403 /);
    expect(infos).toEqual([]);
  });

  it('takes neither of two tokens, and none where the mount has no auth token', async () => {
    const { infos, socket } = spy();
    const { port } = await startEngine({ mounts: [mount('/socket', socket, { authToken: true }), mount('/plain', socket)] });
    expect(await rawUpgrade(port, `phoenix, ${PREFIX}YQ, ${PREFIX}Yg`)).toMatch(/^HTTP\/1.1 101 /);
    expect(await rawUpgrade(port, `phoenix, ${PREFIX}YQ`, '/plain/websocket')).not.toMatch(/sec-websocket-protocol/i);
    expect(infos.map(({ authToken }) => authToken)).toEqual([null, null]);
  });
});

describe('compression', () => {
  it('is agreed upon where it is on, and carries frames both ways', async () => {
    const { url } = await startEngine({ mounts: [mount('/socket', roomSocket, { compress: true }), mount('/plain', roomSocket)] });
    expect(await shake(`${url}/socket/websocket`, { perMessageDeflate: true })).toMatchObject({ extensions: expect.stringContaining('permessage-deflate') });
    expect(await shake(`${url}/plain/websocket`, { perMessageDeflate: true })).toEqual({ status: 101 });

    const ws = new WebSocket(`${url}/socket/websocket?vsn=2.0.0`, { perMessageDeflate: { threshold: 0 } });
    await once(ws, 'open');
    const body = 'x'.repeat(10_000);
    ws.send(JSON.stringify(['1', '1', 'room:1', 'phx_join', {}]));
    ws.send(JSON.stringify(['1', '2', 'room:1', 'echo', body]));
    const frames: unknown[] = [];
    ws.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
    await waitFor(() => frames.length === 3);
    expect(frames[2]).toEqual(['1', '2', 'room:1', 'phx_reply', { status: 'ok', response: body }]);
    ws.terminate();
  });

  it('skips an offer with unknown parameters and takes the next', async () => {
    const { port } = await startEngine({ mounts: [mount('/socket', roomSocket, { compress: true })] });
    const offer = (extensions: string): Promise<string> => rawUpgrade(port, '', '/socket/websocket', `sec-websocket-extensions: ${extensions}\r\n`);
    expect(await offer('permessage-deflate; x=1, permessage-deflate')).toMatch(/sec-websocket-extensions: permessage-deflate\r\n/i);
    expect(await offer('permessage-deflate; x=1')).not.toMatch(/sec-websocket-extensions/i);
  });
});

describe('a refusal', () => {
  const onRefused = ({ code }: { code: string }): { status: number; body: string } => {
    if (code === 'unauthorized') return { status: 401, body: 'who are you?' };
    throw new Error('onRefused boom');
  };

  it('may be answered by the mount over WebSocket, alone', async () => {
    const { url } = await startEngine({ mounts: [mount('/socket', roomSocket, { onRefused })] });
    expect(await shake(`${url}/socket/websocket?token=bad`)).toEqual({ status: 401, body: 'who are you?' });
    const polled = await fetch(`${url.replace('ws', 'http')}/socket/longpoll?token=bad`);
    expect(await polled.json()).toEqual({ status: 403 });
  });

  it('hurts nobody when that answer throws', async () => {
    const socket = { ...roomSocket, connect: roomSocket.connect };
    const { url, crashes } = await startEngine({ mounts: [mount('/socket', socket, { onRefused: () => onRefused({ code: 'other' }) })] });
    await expect(shake(`${url}/socket/websocket?token=bad`)).rejects.toThrow();
    expect(crashes).toMatchObject([{ thrown: { message: 'onRefused boom' } }]);
    expect((await shake(`${url}/socket/websocket`)).status).toBe(101);
  });

  it.each(['/socket/websocket?token=bad', '/nowhere', '/socket/websocket?vsn=7'])('survives clients that reset %s', async (path) => {
    const { port, url } = await startEngine({ mounts: [mount('/socket', roomSocket)] });
    for (let count = 0; count < 5; count += 1) {
      const tcp = connectTcp(port, '127.0.0.1');
      tcp.write(upgradeRequest(path));
      await once(tcp, 'data');
      tcp.resetAndDestroy();
    }
    expect((await shake(`${url}/socket/websocket`)).status).toBe(101);
  });

  it('lets go of the socket though the client stays', async () => {
    const { port, server } = await startEngine({ mounts: [mount('/socket', roomSocket)] });
    const tcp = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    tcp.write(upgradeRequest('/socket/websocket?token=bad'));
    tcp.resume();
    await once(tcp, 'end');
    const open = (): Promise<number> => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await waitFor(async () => (await open()) === 0);
    tcp.destroy();
  });
});

describe('the upgrade', () => {
  it('wants version 13', async () => {
    const { port } = await startEngine({ mounts: [mount('/socket', roomSocket)] });
    expect(await rawUpgrade(port, '', '/socket/websocket', '', 12)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('may wait for connect, and nothing is left when the client does not', async () => {
    const slow = { ...roomSocket, connect: () => new Promise<{ identity: { name: string } }>((resolve) => setTimeout(resolve, 30, { identity: { name: 'x' } })) };
    const { url, endpoint } = await startEngine({ mounts: [mount('/socket', slow)] });
    const impatient = new WebSocket(`${url}/socket/websocket`);
    impatient.on('error', () => undefined);
    setImmediate(() => impatient.terminate());
    await RawClient.open(`${url}/socket/websocket`);
    expect(endpoint.stats().connections).toBe(1);
  });

  it('whose headers never end blocks nobody and is cut in the end', async () => {
    const http = { headersTimeout: 300, connectionsCheckingInterval: 50 };
    const { url, port } = await startEngine({ mounts: [mount('/socket', roomSocket)] }, { http });
    const lorises = Array.from({ length: 50 }, () => connectTcp(port, '127.0.0.1').on('error', () => undefined));
    for (const loris of lorises) loris.write('GET /socket/websocket HTTP/1.1\r\nHost: x\r\n');
    const cut = Promise.all(lorises.map((loris) => once(loris.resume(), 'close')));
    expect(await (await RawClient.open(`${url}/socket/websocket?vsn=2.0.0`)).drain()).toEqual([]);
    await cut;
  });

  it('merges path parameters, which win and are not decoded, into nested params', async () => {
    const { infos, socket } = spy();
    const { url } = await startEngine({ mounts: [mount('/tenant/:tenant/socket', socket)] });
    await RawClient.open(`${url}/tenant/acme%20x/socket/websocket?tenant=y&a[b]=1&l[]=1&l[]=2`);
    expect(infos[0]?.params).toEqual({ tenant: 'acme%20x', a: { b: '1' }, l: ['1', '2'] });
  });
});

function upgradeRequest(path: string, { protocol = '', headers = '', version = 13 } = {}): string {
  const offer = protocol === '' ? '' : `sec-websocket-protocol: ${protocol}\r\n`;
  return `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: ${version}\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${offer}${headers}\r\n`;
}

/** The head of the answer to an upgrade as it is written here: `ws` offers nothing that is malformed. */
async function rawUpgrade(port: number, protocol: string, path = '/socket/websocket', headers = '', version = 13): Promise<string> {
  const tcp = connectTcp(port, '127.0.0.1');
  tcp.write(upgradeRequest(path, { protocol, headers, version }));
  const [head] = (await once(tcp, 'data')) as [Buffer];
  tcp.destroy();
  return head.toString();
}
