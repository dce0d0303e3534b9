import { AppError, describeError, type Breaker, type Log, type Service } from '@armoricore/shared/kernel';
import { checkHealth, healthReply, type Metrics, type MetricsAccess } from '@armoricore/shared/ops';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long a client may take for its request, in ms. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Probes and a scraper or two need no more. */
const MAX_CONNECTIONS = 64;

export interface OpsServerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** The services whose `ready` is asked, and the breakers around those that can be done without. */
  services: readonly Service[];
  breakers: readonly Breaker[];
  metrics: Metrics;
  mayReadMetrics: MetricsAccess;
  log: Log;
}

interface Answer {
  code: number;
  contentType: string;
  body: string;
}

/**
 * The HTTP of a process that serves no users: `GET /health/live`, `/health/ready` (and `/health`) and `/metrics`. Begins before
 * the other services and ends after them.
 */
export function createOpsServer(options: OpsServerOptions): Service & { url(): string } {
  const { host, port, services, breakers, metrics, mayReadMetrics, log } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request.method ?? '', (request.url ?? '/').split('?')[0] ?? '/', request.headers.authorization).then(
      (found) => send(response, found),
      (error: unknown) => {
        log.error({ reason: describeError(error) }, 'request failed');
        send(response, refusal(new AppError('internal')));
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  let url = '';

  async function answer(method: string, path: string, authorization: string | undefined): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return refusal(new AppError('method_not_allowed'));
    switch (path) {
      case '/health/live':
        return json(200, { status: 'ok' });
      case '/health':
      case '/health/ready':
        return await readiness();
      case '/metrics':
        if (!mayReadMetrics(authorization)) return refusal(new AppError('unauthorized', { why: 'the metrics need their own token' }));
        return { code: 200, ...(await metrics.scrape()) };
      default:
        return refusal(new AppError('not_found', { path: path.slice(0, 256) }));
    }
  }

  async function readiness(): Promise<Answer> {
    const report = await checkHealth(services, { breakers });
    if (report.status !== 'ok') log.warn({ checks: report.checks }, 'not ready');
    const { code, body } = healthReply(report);
    return json(code, body);
  }

  return {
    name: 'http',
    url: () => url,
    async start() {
      server.listen({ host, port });
      await once(server, 'listening');
      const { port: open } = server.address() as AddressInfo;
      url = `http://${host.includes(':') ? `[${host}]` : host}:${open}`;
      log.info({ address: url }, 'listening');
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, { code, contentType, body }: Answer): void {
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }).end(body);
}

function refusal(error: AppError): Answer {
  return json(error.status, error.toJSON());
}

function json(code: number, body: object): Answer {
  return { code, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}
