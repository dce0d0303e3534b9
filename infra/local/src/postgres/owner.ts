import { chown, mkdir, stat } from 'node:fs/promises';

/** Who runs PostgreSQL: it refuses to run as root. `undefined` means: whoever we are. */
export type Owner = { uid: number; gid: number } | undefined;

const NOBODY = 65_534;

/** As root, the owner of the data folder when there is one already, else `nobody`. */
export async function chooseOwner(clusterDir: string): Promise<Owner> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(clusterDir).catch(() => ({ uid: 0, gid: 0 }));
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

export async function giveTo(owner: Owner, file: string): Promise<void> {
  if (owner) await chown(file, owner.uid, owner.gid);
}

export async function makeFolder(folder: string, owner: Owner): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await giveTo(owner, folder);
}

/**
 * How a server that runs in `folder` names that folder. Under another uid on Linux it may not be able to walk the
 * parents (a clone below a 0700 home); the link to the working directory, which was entered as root, needs no walk.
 */
export function nameOfWorkingFolder(folder: string, owner: Owner): string {
  return owner && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}
