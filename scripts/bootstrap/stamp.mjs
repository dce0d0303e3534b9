import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** SHA-256 over names and contents of files and of all files below folders. */
export function digestOf(paths, { root, salt = '' }) {
  const hash = createHash('sha256').update(salt);
  for (const name of paths.flatMap((entry) => filesOf(entry, root)).sort()) {
    const content = readFileSync(path.join(root, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesOf(name, root) {
  const full = path.join(root, name);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [name];
  return readdirSync(full).flatMap((entry) => filesOf(path.join(name, entry), root));
}

export function isStamped(file, digest) {
  return existsSync(file) && readFileSync(file, 'utf8') === digest;
}

export function stamp(file, digest) {
  writeFileSync(file, digest);
}
