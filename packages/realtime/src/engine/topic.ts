/** The variables of a topic pattern: `'room:{room_id}'` has `{room_id: string}`. */
export type TopicVars<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & TopicVars<Rest>
  : unknown;

/** Matches a topic and answers the values of the pattern's variables, or null. */
export type TopicMatcher = (topic: string) => Record<string, string> | null;

/**
 * Compiles a topic pattern: an exact topic (`lobby`), a prefix as in Phoenix (`room:*`, also matches `room:`), or
 * variables (`room:{room_id}`). A variable matches one character or more; the last one takes colons, too.
 * @throws TypeError for a pattern with a `*` elsewhere, two variables side by side or a name used twice
 */
export function compileTopic(pattern: string): TopicMatcher {
  if (!pattern.includes('{')) return compilePlain(pattern);
  const names = [...pattern.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
  const literals = pattern.split(/\{[^{}]*\}/);
  const misnamed = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (pattern.includes('*') || misnamed !== undefined || new Set(names).size < names.length || literals.slice(1, -1).includes('')) {
    throw new TypeError(`topic pattern ${JSON.stringify(pattern)}: allowed are 'exact', 'prefix:*' and 'prefix:{name}' with distinct names`);
  }
  const groups = names.map((name, index) => (index === names.length - 1 ? `(?<${name}>.+)` : `(?<${name}>[^:]+?)`));
  const source = literals.map((literal, index) => RegExp.escape(literal) + (groups[index] ?? '')).join('');
  const expression = new RegExp(`^${source}$`, 's');
  return (topic) => expression.exec(topic)?.groups ?? null;
}

function compilePlain(pattern: string): TopicMatcher {
  const star = pattern.indexOf('*');
  if (star === -1) return (topic) => (topic === pattern ? {} : null);
  if (star !== pattern.length - 1) throw new TypeError(`topic pattern ${JSON.stringify(pattern)}: '*' may only stand at the end`);
  const prefix = pattern.slice(0, -1);
  return (topic) => (topic.startsWith(prefix) ? {} : null);
}
