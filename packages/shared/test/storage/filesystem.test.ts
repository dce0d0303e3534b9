import { access, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storageError } from '../../src/storage/filesystem/folders.ts';
import { createFileSystemStorage } from '../../src/storage/filesystem.ts';
import { storageConformance } from '../../src/storage/conformance.ts';
import { createUrlSigner, openStorage } from '../../src/storage/index.ts';

const SECRET = 'a secret of at least thirty-two letters';
const TEXT = { contentType: 'text/plain' };

async function makeStorage(options: { cdnBaseUrl?: string; now?: () => Date } = {}) {
  const outside = await mkdtemp(join(tmpdir(), 'storage-'));
  const root = join(outside, 'objects');
  const storage = createFileSystemStorage({ root, secret: SECRET, publicUrl: 'http://host:4000', playbackUrlTtlS: 3600, ...options });
  return { storage, root, outside, close: () => rm(outside, { recursive: true, force: true }) };
}

storageConformance('the file system', makeStorage);

describe('file system storage', () => {
  let made: Awaited<ReturnType<typeof makeStorage>>;
  beforeEach(async () => {
    made = await makeStorage();
  });
  afterEach(() => made.close());

  it('leaves no temporary file and no sidecar of what is gone', async () => {
    const { storage, root } = made;
    await storage.put('a/b', Buffer.from('1'), TEXT);
    await storage.put('a/b', Buffer.from('2'), TEXT);
    await expect(storage.put('a/c', Buffer.from('123'), { ...TEXT, maxBytes: 2 })).rejects.toThrow();
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
    expect(await readdir(join(root, '.meta', 'a'))).toHaveLength(1);
    await storage.delete('a/b');
    expect(await readdir(join(root, '.meta', 'a'))).toEqual([]);
  });

  it('follows no symbolic link, on the way to an object or in its place', async () => {
    const { storage, root, outside } = made;
    await storage.put('a/b', Buffer.from('x'), TEXT);
    await mkdir(join(outside, 'private'));
    await writeFile(join(outside, 'private', 'secret'), 'secret');
    await symlink(join(outside, 'private'), join(root, 'folder'));
    await symlink(join(outside, 'private', 'secret'), join(root, 'a', 'file'));
    for (const key of ['folder/secret', 'a/file']) {
      await expect(storage.get(key)).rejects.toMatchObject({ code: 'not_found' });
      expect(await storage.stat(key)).toBeNull();
      await expect(storage.download(key, join(outside, 'copy'))).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await storage.list('folder')).toEqual([]);
    expect(await storage.list('a')).toEqual(['a/b']);
    await storage.delete('folder');
    await expect(storage.put('folder/secret', Buffer.from('mine'), TEXT)).rejects.toMatchObject({ code: 'invalid_key' });
    await storage.put('a/file', Buffer.from('mine'), TEXT);
    expect(await text((await storage.get('a/file')).body)).toBe('mine');
    expect(await readFile(join(outside, 'private', 'secret'), 'utf8')).toBe('secret');
  });

  it('refuses an object inside an object, and an object in place of a folder', async () => {
    const { storage } = made;
    await storage.put('a/b', Buffer.from('x'), TEXT);
    await expect(storage.put('a/b/c', Buffer.from('x'), TEXT)).rejects.toMatchObject({ code: 'invalid_key' });
    await expect(storage.put('a', Buffer.from('x'), TEXT)).rejects.toMatchObject({ code: 'invalid_key' });
    expect(await storage.list('a')).toEqual(['a/b']);
  });

  it('tells the type of a file that came here by other ways from its ending', async () => {
    await mkdir(join(made.root, 'a'), { recursive: true });
    await writeFile(join(made.root, 'a', 'clip.mp4'), 'x');
    expect(await made.storage.stat('a/clip.mp4')).toMatchObject({ contentType: 'video/mp4', size: 1 });
  });

  it('removes what dead processes left behind more than a day ago', async () => {
    const { storage, root } = made;
    await storage.ready();
    const twoDaysAgo = new Date(Date.now() - 48 * 3600 * 1000);
    for (const name of ['old', 'young']) await writeFile(join(root, '.tmp', name), 'x');
    await utimes(join(root, '.tmp', 'old'), twoDaysAgo, twoDaysAgo);
    await createFileSystemStorage({ root, secret: SECRET, publicUrl: 'http://h', playbackUrlTtlS: 60 }).ready();
    expect(await readdir(join(root, '.tmp'))).toEqual(['young']);
  });

  it('is not ready when its folder cannot be made', async () => {
    await writeFile(join(made.outside, 'file'), 'x');
    const blocked = createFileSystemStorage({ root: join(made.outside, 'file'), secret: SECRET, publicUrl: 'http://h', playbackUrlTtlS: 60 });
    await expect(blocked.ready()).rejects.toThrow();
  });

  it('says insufficient_storage when the disk or the quota is full', () => {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      expect(storageError(Object.assign(new Error('full'), { code }), 'a')).toMatchObject({ code: 'insufficient_storage' });
    }
  });

  it('downloads without copying, and copies to another file system', async () => {
    const { storage, root, outside } = made;
    await storage.put('a/b', Buffer.from('bytes'), TEXT);
    await storage.download('a/b', join(outside, 'linked'));
    expect((await stat(join(outside, 'linked'))).ino).toBe((await stat(join(root, 'a', 'b'))).ino);

    const elsewhere = await mkdtemp(join(await access('/dev/shm').then(() => '/dev/shm', () => tmpdir()), 'storage-'));
    try {
      await storage.download('a/b', join(elsewhere, 'file'));
      expect(await readFile(join(elsewhere, 'file'), 'utf8')).toBe('bytes');
      await expect(storage.download('a/b', join(elsewhere, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
      expect(await readFile(join(elsewhere, 'file'), 'utf8')).toBe('bytes');
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('gives a link made to an object outside its own life: the object replaced, the link stays', async () => {
    const { storage, root, outside } = made;
    await storage.put('a/b', Buffer.from('one'), TEXT);
    await link(join(root, 'a', 'b'), join(outside, 'kept'));
    await storage.put('a/b', Buffer.from('two'), TEXT);
    expect(await readFile(join(outside, 'kept'), 'utf8')).toBe('one');
  });

  it('presigns what its signer verifies, and grants what lies in the folder', async () => {
    const { storage } = made;
    const signer = createUrlSigner(SECRET);
    const upload = new URL((await storage.presignPut('media/1/source', { maxBytes: 5, contentType: 'video/mp4', expiresInS: 60 })).url);
    expect(upload.origin + upload.pathname).toBe('http://host:4000/uploads/media/1/source');
    expect(signer.verifyUpload('media/1/source', upload.searchParams, new Date())).toEqual({ maxBytes: 5, contentType: 'video/mp4' });

    const [, files, grant, ...key] = new URL(storage.playbackUrl('media/1/hls/master.m3u8', { public: false })).pathname.split('/');
    expect([files, key.join('/')]).toEqual(['files', 'media/1/hls/master.m3u8']);
    const verifyAt = (ms: number) => () => signer.verifyGrant(grant!, 'media/1/hls/720p/0.m4s', new Date(Date.now() + ms));
    expect(verifyAt(3_500_000)).not.toThrow();
    expect(verifyAt(3_700_000)).toThrow(expect.objectContaining({ code: 'url_expired' }));
  });

  it('plays from the CDN, unsigned, when there is one', async () => {
    const { storage, close } = await makeStorage({ cdnBaseUrl: 'https://cdn.example.com/x' });
    expect(storage.playbackUrl('media/1/a.mp4', { public: false })).toBe('https://cdn.example.com/x/media/1/a.mp4');
    await close();
  });

  it('is what the configuration opens', async () => {
    const storage = await openStorage({
      STORAGE_DIR: join(made.outside, 'configured'),
      SECRET_KEY_BASE: SECRET,
      PUBLIC_URL: 'http://host:4000',
      CDN_BASE_URL: undefined,
      PLAYBACK_URL_TTL_S: 60,
    });
    await storage.put('a/b', Buffer.from('x'), TEXT);
    expect(await readFile(join(made.outside, 'configured', 'a', 'b'), 'utf8')).toBe('x');
  });
});
