import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Outside } from '../../src/media/sources/request.ts';

/** Of media.test, other.test, rebound.test and 127.0.0.1, for these tests alone; it ends in the year 2126. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBuzCCAWCgAwIBAgIUbgQJwG/Wfs7QJcyN1/wDR3lv0xAwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKbWVkaWEudGVzdDAgFw0yNjExMjEwNzUxMzFaGA8yMTI2MTAy
ODA3NTEzMVowFTETMBEGA1UEAwwKbWVkaWEudGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCRFnB24Yv5VJXNoUT2HBP7FY0atJOCO+RKdYQznVWLqCqEAWux7
kD2XFEbCCdsdOebrvCmC+Tg9Yu6aXKCkS4+jgYswgYgwHQYDVR0OBBYEFE82aZ7E
yfBz5Azd+WMM8lZe2QP/MB8GA1UdIwQYMBaAFE82aZ7EyfBz5Azd+WMM8lZe2QP/
MA8GA1UdEwEB/wQFMAMBAf8wNQYDVR0RBC4wLIIKbWVkaWEudGVzdIIKb3RoZXIu
dGVzdIIMcmVib3VuZC50ZXN0hwR/AAABMAoGCCqGSM49BAMCA0kAMEYCIQDsy6uY
haPSCsASNfneppnliK5Gr3OrsWcV7t7AiE263QIhAOIcjTJmm8ONG3WNkZ5hFSIQ
VFcm4GJN/kG+lnmS4UTo
-----END CERTIFICATE-----`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLmSy1SwCE6QpSWrQ
MYgh4u+3tjRuB3YwNJ2b6a1Zt/ChRANCAAQkRZwduGL+VSVzaFE9hwT+xWNGrSTg
jvkSnWEM51Vi6gqhAFrse5A9lxRGwgnbHTnm67wpgvk4PWLumlygpEuP
-----END PRIVATE KEY-----`;

export interface HttpsSource {
  /** An URL of the server, by one of its names. */
  url(path: string, host?: string): string;
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  /** What reaches it: its certificate is trusted, its names lead to it, and it alone may be connected to. */
  outside: Outside & Required<Pick<Outside, 'allow' | 'resolve'>>;
  close(): Promise<void>;
}

/** A file server of the internet, as far as the product can tell. */
export async function startHttpsSource(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<HttpsSource> {
  const requests: HttpsSource['requests'] = [];
  const server = createServer({ cert: CERTIFICATE, key: KEY }, (request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const here: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];
  return {
    url: (path, host = 'media.test') => `https://${host}:${port}${path}`,
    requests,
    outside: { ca: CERTIFICATE, allow: (address) => address === '127.0.0.1', resolve: async () => here },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
