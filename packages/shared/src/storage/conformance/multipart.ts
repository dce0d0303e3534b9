import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { newId } from '../../kernel/index.ts';
import { bytesOfPart, planParts } from '../multipart.ts';
import type { MultipartUpload, Storage } from '../port.ts';

const VIDEO = { contentType: 'video/quicktime' };
const KEY = 'uploads/1/source';

/** Bytes of a part that no other part has in the same place. */
function bytesFor(size: number, number: number): Buffer {
  return Buffer.alloc(bytesOfPart(size, number), `part ${number} of the file; `);
}

/** The part of `storageConformance` about uploads in parts. */
export function multipartConformance(storageOf: () => Storage): void {
  const SIZE = 2 * planParts(1).partSize + 1_000;
  const begin = async (size = SIZE): ReturnType<Storage['createMultipart']> => storageOf().createMultipart(KEY, { ...VIDEO, size });
  const putPart = (upload: MultipartUpload, number: number, bytes = bytesFor(upload.size, number)): Promise<void> =>
    storageOf().putPart(upload, number, Readable.from([bytes]));

  it('makes one object of parts that came in any order, one of them twice', async () => {
    const upload = await begin();
    expect(upload).toEqual({ key: KEY, size: SIZE, uploadId: expect.any(String), ...planParts(SIZE) });
    await putPart(upload, 3);
    await putPart(upload, 1, Buffer.alloc(bytesOfPart(SIZE, 1), 'first try'));
    await Promise.all([putPart(upload, 2), putPart(upload, 1)]);
    expect(await storageOf().stat(KEY)).toBeNull();
    expect(await storageOf().list('uploads/1')).toEqual([]);
    expect(await storageOf().completeMultipart(upload)).toEqual({ size: SIZE });
    const { body, ...object } = await storageOf().get(KEY);
    expect(object).toMatchObject({ size: SIZE, ...VIDEO });
    expect((await buffer(body)).equals(Buffer.concat([1, 2, 3].map((number) => bytesFor(SIZE, number))))).toBe(true);
    expect(await storageOf().list('uploads/1')).toEqual([KEY]);
  });

  it('completes an upload once, whoever asks how often, and takes no parts afterwards', async () => {
    const upload = await begin(3);
    await putPart(upload, 1, Buffer.from('abc'));
    expect(await Promise.all([storageOf().completeMultipart(upload), storageOf().completeMultipart(upload)])).toEqual([{ size: 3 }, { size: 3 }]);
    expect(await storageOf().completeMultipart(upload)).toEqual({ size: 3 });
    await expect(putPart(upload, 1, Buffer.from('xyz'))).rejects.toThrow(); // `not_found`; S3 servers for tests have other answers.
    expect((await buffer((await storageOf().get(KEY)).body)).toString()).toBe('abc');
  });

  it('names the parts that are missing, and goes on when they come', async () => {
    const upload = await begin();
    await putPart(upload, 2);
    await expect(storageOf().completeMultipart(upload)).rejects.toMatchObject({ code: 'upload_incomplete', details: { missing: [1, 3] } });
    await Promise.all([putPart(upload, 1), putPart(upload, 3)]);
    expect(await storageOf().completeMultipart(upload)).toEqual({ size: SIZE });
  });

  it('keeps nothing of a part that is too short, too long, cut or of a number that there is not', async () => {
    const upload = await begin(1_000);
    await expect(putPart(upload, 1, Buffer.alloc(999))).rejects.toMatchObject({ code: 'upload_incomplete' });
    await expect(putPart(upload, 1, Buffer.alloc(1_001))).rejects.toMatchObject({ code: 'upload_too_large' });
    for (const number of [0, 2, -1, 1.5, NaN]) await expect(putPart(upload, number, Buffer.alloc(1))).rejects.toMatchObject({ code: 'not_found' });
    const cut = Readable.from((async function* () { yield Buffer.alloc(500); throw new Error('the client went away'); })());
    await expect(storageOf().putPart(upload, 1, cut)).rejects.toThrow('the client went away');
    await expect(storageOf().completeMultipart(upload)).rejects.toMatchObject({ code: 'upload_incomplete', details: { missing: [1] } });
    await putPart(upload, 1, Buffer.alloc(1_000));
    expect(await storageOf().completeMultipart(upload)).toEqual({ size: 1_000 });
  });

  it('aborts an upload, of which nothing is left, and again, and leaves the object there was', async () => {
    await storageOf().put(KEY, Buffer.from('old'), VIDEO);
    const upload = await begin(3);
    await putPart(upload, 1, Buffer.from('new'));
    await storageOf().abortMultipart(upload);
    await storageOf().abortMultipart(upload);
    await expect(putPart(upload, 1, Buffer.from('new'))).rejects.toThrow();
    await storageOf().delete(KEY);
    await expect(storageOf().completeMultipart(upload)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('knows nothing of an upload that nobody began, or began for another key', async () => {
    await expect(storageOf().completeMultipart({ key: KEY, uploadId: newId(), size: 3 })).rejects.toMatchObject({ code: 'not_found' });
    await storageOf().abortMultipart({ key: KEY, uploadId: '../../x', size: 3 });
    await expect(putPart({ key: KEY, uploadId: '../../x', size: 3 }, 1, Buffer.from('abc'))).rejects.toThrow();
    const { uploadId, size } = await begin(3);
    await expect(storageOf().completeMultipart({ key: 'uploads/2/source', uploadId, size })).rejects.toThrow();
  });

  it('presigns its parts in pages, the last one with the rest of the bytes', async () => {
    const upload = await begin();
    const parts = await storageOf().presignMultipart(upload, { from: 2, count: 100, expiresInS: 60 });
    expect(parts.map(({ number, size_bytes }) => [number, size_bytes])).toEqual([[2, planParts(SIZE).partSize], [3, 1_000]]);
    expect(new URL(parts[0]!.url).pathname).toMatch(/uploads\/1\/source$/);
    expect(parts[0]).toMatchObject({ method: 'PUT', headers: {} });
    expect(Date.parse(parts[0]!.expires_at) - Date.now()).toBeGreaterThan(55_000);
    expect(new Set(parts.map(({ url }) => url)).size).toBe(2);
    await expect(storageOf().presignMultipart(upload, { from: 4, count: 1, expiresInS: 60 })).rejects.toMatchObject({ code: 'not_found' });
  });
}
