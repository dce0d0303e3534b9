import { ConfigError, type authConfig, type ConfigOf } from '@armoricore/shared/config';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import { readFileSync } from 'node:fs';
import { createJwks } from './jwks.ts';
import { publicKey, secretKeys, type KeySource } from './keys.ts';

export type AuthConfig = ConfigOf<{ auth: typeof authConfig }>['auth'];

/** How often the stored secrets are read again, in ms: so long a node takes to know a new one. */
const RELOAD_MS = 10_000;

/** As in the environment. */
const SHORTEST_SECRET = 32;

export interface TokenKeys {
  sources: KeySource[];
  /** Signs tokens of HS256, where there is a secret. */
  secret: string | undefined;
  /** Keeps stored secrets fresh. */
  service: Service;
}

export interface TokenKeyOptions {
  /** Reads JWT_SECRET from the key store, the current one first; absent where there is no store. */
  storedSecrets?: (() => Promise<readonly string[]>) | undefined;
  log: Log;
}

/**
 * The keys that tokens are checked with. What is in the environment goes before what is stored.
 * @throws ConfigError when a key is wrong, or there is none at all
 */
export async function loadTokenKeys(config: AuthConfig, { storedSecrets, log }: TokenKeyOptions): Promise<TokenKeys> {
  const { JWT_SECRET, JWT_PUBLIC_KEY, JWKS_URL } = config;
  const stored = JWT_SECRET === undefined ? storedSecrets : undefined;
  const secrets = JWT_SECRET === undefined ? ((await stored?.()) ?? []) : [JWT_SECRET];
  assertLong(secrets);
  const shared = secretKeys(secrets);
  const sources: KeySource[] = [
    ...(secrets.length === 0 && stored === undefined ? [] : [shared]),
    ...(JWT_PUBLIC_KEY === undefined ? [] : [readPublicKey(JWT_PUBLIC_KEY)]),
    ...(JWKS_URL === undefined ? [] : [createJwks(assertPrivate(JWKS_URL), { log })]),
  ];
  if (secrets.length + sources.filter((source) => source !== shared).length === 0) {
    throw new ConfigError(['JWT_SECRET: is not set, nor in the key store; needed: it, JWT_PUBLIC_KEY or JWKS_URL']);
  }
  let timer: NodeJS.Timeout | undefined;
  const reload = (): void => {
    stored?.().then(shared.replace, (error: unknown) => log.warn({ reason: describeError(error) }, 'the stored JWT_SECRET could not be read again'));
  };
  const service: Service = {
    name: 'token keys',
    start() {
      if (stored !== undefined) timer = setInterval(reload, RELOAD_MS).unref();
    },
    stop: () => clearInterval(timer),
  };
  return { sources, secret: secrets[0], service };
}

function assertLong(secrets: readonly string[]): void {
  const short = secrets.find((secret) => secret.length < SHORTEST_SECRET);
  if (short === undefined) return;
  throw new ConfigError([`JWT_SECRET: in the key store is a secret of ${short.length} characters; needed: a text of at least ${SHORTEST_SECRET} characters`]);
}

function readPublicKey(value: string): KeySource {
  try {
    return publicKey(value.startsWith('@') ? readFileSync(value.slice(1), 'utf8') : value);
  } catch (error) {
    throw new ConfigError([`JWT_PUBLIC_KEY: ${describeError(error)}`]);
  }
}

/** Keys that come over an open network are anybody's. */
function assertPrivate(address: string): string {
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'https:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    throw new ConfigError([`JWKS_URL: is ${JSON.stringify(address.slice(0, 80))}; needed: https://, or http:// on a loopback address`]);
  }
  return address;
}
