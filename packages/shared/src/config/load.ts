import type { Setting } from './setting.ts';

export type Fragment = Record<string, Setting<unknown>>;
export type Fragments = Record<string, Fragment>;
type ValuesOf<F extends Fragment> = { readonly [K in keyof F]: F[K] extends Setting<infer T> ? T : never };
export type ConfigOf<F extends Fragments> = { readonly [K in keyof F]: ValuesOf<F[K]> };

/** All that is wrong with the environment, one line per fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/**
 * Reads configuration fragments from an environment. An empty variable counts as not set.
 * @throws ConfigError with one line per fault: the variable, what came (never a secret) and what is allowed.
 */
export function loadConfig<const F extends Fragments>(fragments: F, env: Record<string, string | undefined>): ConfigOf<F> {
  const faults: string[] = [];
  const config: Record<string, Record<string, unknown>> = {};
  for (const [fragmentName, fragment] of Object.entries(fragments)) {
    const values: Record<string, unknown> = (config[fragmentName] = {});
    for (const [name, setting] of Object.entries(fragment)) {
      const source = [name, ...setting.aliases].find((candidate) => env[candidate]);
      const raw = source === undefined ? undefined : env[source];
      const result = setting.schema.safeParse(raw);
      if (result.success) values[name] = result.data;
      else faults.push(faultLine(source ?? name, raw, setting));
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config as ConfigOf<F>;
}

function faultLine(name: string, raw: string | undefined, { allowed, secret }: Setting<unknown>): string {
  const shown = secret ? `a secret of ${raw?.length ?? 0} characters` : JSON.stringify(raw?.slice(0, 80));
  return `${name}: ${raw === undefined ? 'is not set' : `is ${shown}`}; needed: ${allowed}`;
}
