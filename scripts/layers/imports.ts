import path from 'node:path';

export interface Import {
  line: number;
  specifier: string;
  /** A file of the repository, `node:fs`, or `npm:ws` for a package. */
  target: string;
  typeOnly: boolean;
}

const STATEMENT = /^[ \t]*(?:import|export)(?<type>\s+type\b)?(?:[^'"`;]*?\bfrom)?\s*(?<quote>['"])(?<from>[^'"\n]+)\k<quote>/gm;
const CALL = /\bimport\(\s*(['"])(?<from>[^'"\n]+)\1/g;

/** The import statements of a TypeScript file; `file` and targets are paths from the root of the repository. */
export function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(STATEMENT), ...source.matchAll(CALL)].map((match) => {
    const { type, from } = match.groups as { type?: string; from: string };
    return {
      line: source.slice(0, match.index).split('\n').length,
      specifier: from,
      target: resolveTarget(file, from),
      typeOnly: type !== undefined,
    };
  });
}

function resolveTarget(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier);
  if (specifier.startsWith('node:')) return specifier;
  const [scope = '', name = '', ...rest] = specifier.split('/');
  if (scope === '@armoricore') return ['packages', name, 'src', ...rest, 'index.ts'].join('/');
  return `npm:${scope.startsWith('@') ? `${scope}/${name}` : scope}`;
}
