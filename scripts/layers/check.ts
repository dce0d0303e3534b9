import { importsOf, type Import } from './imports.ts';
import { ENVIRONMENT, IMPORT_RULES, LONGEST_FILE, PACKAGE_OWNERS, PACKAGE_REASON, type ImportRule } from './rules.ts';

/** What is wrong with a file: one line each, with the place and the reason. Empty when all is well. */
export function checkFile(file: string, source: string): string[] {
  const imports = importsOf(file, source).flatMap((each) => checkImport(file, each));
  return [...checkLength(file, source), ...checkEnvironment(file, source), ...imports];
}

function checkLength(file: string, source: string): string[] {
  const lines = source.trimEnd().split('\n').length;
  return lines > LONGEST_FILE.lines ? [`${file} has ${lines} lines, more than ${LONGEST_FILE.lines}: ${LONGEST_FILE.reason}`] : [];
}

function checkEnvironment(file: string, source: string): string[] {
  if (file === ENVIRONMENT.file) return [];
  return source.split('\n').flatMap((text, index) => {
    return ENVIRONMENT.pattern.test(text) ? [`${file}:${index + 1} reads process.env: ${ENVIRONMENT.reason}`] : [];
  });
}

function checkImport(file: string, each: Import): string[] {
  const reasons = IMPORT_RULES.filter((rule) => breaks(rule, file, each)).map((rule) => rule.reason);
  const owners = PACKAGE_OWNERS.filter(({ packages, owner }) => packages.test(each.target) && !owner.test(file));
  return [...reasons, ...owners.map(() => PACKAGE_REASON)].map((reason) => `${file}:${each.line} imports ${each.specifier}: ${reason}`);
}

function breaks(rule: ImportRule, file: string, { target, typeOnly }: Import): boolean {
  if (!rule.in.test(file) || rule.except?.test(file)) return false;
  if (rule.never?.test(target)) return true;
  if (!rule.only || rule.only.test(target)) return false;
  return !(typeOnly && rule.types?.test(target));
}
