import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AAC, H264, makeClip, pictures, sound } from './clips.ts';

/** What hostile files may name: things that must never be touched. */
export interface Bait {
  /** A local video outside the scratch folder. */
  file: string;
  /** Port on 127.0.0.1 where somebody listens. */
  port: number;
  /** A good clip, and a folder for making others. */
  clip: Buffer;
  dir: string;
}

type Make = (bait: Bait) => string | Buffer | Promise<Buffer>;

const playlist = (uri: string, more = ''): string => `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n${more}#EXTINF:1.0,\n${uri}\n#EXT-X-ENDLIST\n`;
const url = ({ port }: Bait): string => `http://127.0.0.1:${port}/x`;
const text = (body: string): Buffer => Buffer.from(body);

/** A box of ISO 14496-12: its size, its name, its content. */
function box(name: string, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((one) => Buffer.from(one as string, 'latin1')));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 8);
  return Buffer.concat([size, Buffer.from(name, 'latin1'), body]);
}

const FTYP = box('ftyp', 'isom\0\0\x02\0isommp41');
const long = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** Makes a clip by ffmpeg. */
const made = (name: string, args: readonly string[]): Make => async ({ dir }) => {
  const file = join(dir, name);
  await makeClip(args, file);
  return readFile(file);
};

/** Overwrites bytes after the nth place of `mark` in the good clip. */
const patched = (mark: string, offset: number, bytes: readonly number[]): Make => ({ clip }) => {
  const copy = Buffer.from(clip);
  const at = copy.indexOf(mark, 0, 'latin1');
  if (at < 0) throw new Error(`the clip has no ${mark}`);
  Buffer.from(bytes).copy(copy, at + offset);
  return copy;
};

const tiny = (rate: string, seconds: number): string[] => pictures('16x16', seconds, rate);

/** Files that were made to harm, by what they are. All of them are refused. */
export const HOSTILE: readonly { name: string; make: Make }[] = [
  { name: 'a playlist of a local file', make: ({ file }) => playlist(file) },
  { name: 'a playlist of a file URL', make: ({ file }) => playlist(`file://${file}`) },
  { name: 'a playlist that calls a host', make: (bait) => playlist(url(bait)) },
  { name: 'a playlist whose key is at a host', make: (bait) => playlist(bait.file, `#EXT-X-KEY:METHOD=AES-128,URI="${url(bait)}"\n`) },
  { name: 'a playlist whose start is at a host', make: (bait) => playlist(bait.file, `#EXT-X-MAP:URI="${url(bait)}"\n`) },
  { name: 'a playlist of joined files', make: ({ file }) => playlist(`concat:${file}|/etc/hostname`) },
  { name: 'a playlist of data', make: () => playlist(`data:video/mp2t;base64,${Buffer.alloc(188, 0x47).toString('base64')}`) },
  { name: 'a playlist of nested protocols', make: (bait) => playlist(`subfile,,start,0,end,100,,:${bait.file}`) },
  { name: 'a master playlist at a host', make: (bait) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${url(bait)}.m3u8\n` },
  { name: 'a list of ffconcat', make: ({ file }) => `ffconcat version 1.0\nfile '${file}'\n` },
  { name: 'a session description', make: ({ port }) => `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n` },
  { name: 'a drawing that loads a picture', make: (bait) => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${url(bait)}" width="9" height="9"/></svg>` },
  { name: 'a packed drawing', make: () => gzipSync(text('<svg xmlns="http://www.w3.org/2000/svg"/>')) },
  { name: 'a DASH manifest', make: (bait) => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>${url(bait)}</BaseURL><Period><AdaptationSet><Representation id="1" bandwidth="1"/></AdaptationSet></Period></MPD>` },
  { name: 'a reference of Windows Media', make: (bait) => `[Reference]\r\nRef1=${url(bait)}\r\n` },
  { name: 'a movie that refers to another', make: (bait) => Buffer.concat([FTYP, box('moov', box('rmra', box('rmda', box('rdrf', long(0), 'url ', long(64), url(bait).padEnd(64, '\0')))))]) },
  { name: 'a movie header before a playlist', make: (bait) => Buffer.concat([FTYP, text(playlist(url(bait)))]) },
  { name: 'a playlist before a movie', make: (bait) => Buffer.concat([text(playlist(url(bait))), bait.clip]) },
  { name: 'a picture before a page', make: () => Buffer.concat([text('GIF89a'), Buffer.alloc(64), text('<script>alert(1)</script>')]) },
  { name: 'a page', make: (bait) => `<!doctype html><video src="${url(bait)}"></video>` },
  { name: 'a script', make: ({ file }) => `#!/bin/sh\ncat ${file}\n` },
  { name: 'a program', make: () => readFile(process.execPath).then((bytes) => bytes.subarray(0, 200_000)) },
  { name: 'a bomb of zeros', make: () => gzipSync(Buffer.alloc(20_000_000)) },
  { name: 'nothing but zeros', make: () => Buffer.alloc(300_000) },
  { name: 'a box of all the bytes there are', make: () => Buffer.concat([FTYP, long(1), text('moov'), long(0x7fffffff), long(0xffffffff), Buffer.alloc(64)]) },
  { name: 'a box in a box in a box', make: () => Array.from({ length: 2_000 }).reduce<Buffer>((inner) => box('moov', inner), Buffer.alloc(8)) },
  { name: 'a table of four thousand million entries', make: patched('stsz', 12, [0xff, 0xff, 0xff, 0xff]) },
  { name: 'samples of absurd sizes', make: patched('stsz', 8, [0x7f, 0xff, 0xff, 0xff]) },
  { name: 'a picture of 81 million pixels', make: made('huge.mkv', ['-f', 'lavfi', '-i', 'color=s=9000x9000:r=1:d=1', '-c:v', 'ffv1', '-pix_fmt', 'gray']) },
  { name: 'a sound of a million channels', make: () => Buffer.concat([text('RIFF'), Buffer.from([0xff, 0xff, 0xff, 0x7f]), text('WAVEfmt '), Buffer.from([16, 0, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 1, 0, 16, 0]), text('data'), Buffer.from([0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(4_000)]) },
  { name: 'a tag of 256 MB', make: () => Buffer.concat([text('ID3'), Buffer.from([4, 0, 0, 0x7f, 0x7f, 0x7f, 0x7f]), Buffer.alloc(2_000, 0xff)]) },
  { name: 'a Matroska file of endless depth', make: () => Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(5_000, 0xae)]) },
  { name: 'a day of 16 × 16 pixels', make: made('day.mkv', [...tiny('0.01', 86_400), ...H264]) },
  { name: 'a day that says nothing of its length', make: made('live.mkv', [...tiny('0.01', 86_400), ...H264, '-f', 'matroska', '-live', '1']) },
  { name: 'a gap of ten hours', make: made('gap.mkv', [...tiny('25', 2), '-vf', "setpts='if(gte(N,25),N+36000*25,N)'", '-fps_mode', 'passthrough', ...H264, '-f', 'matroska', '-live', '1']) },
  { name: 'a thousand pictures a second', make: made('fast.mkv', [...tiny('1000', 3), ...H264]) },
  { name: 'twenty sounds', make: made('sounds.mkv', [...sound(1), ...Array.from({ length: 20 }, () => ['-map', '0']).flat(), ...AAC]) },
  {
    name: 'a tag of nine million letters',
    async make({ dir, file }) {
      const tags = join(dir, 'tags.txt');
      await writeFile(tags, `;FFMETADATA1\ncomment=${'a'.repeat(9_000_000)}\n`);
      const out = join(dir, 'tagged.mkv');
      await makeClip(['-i', file, '-f', 'ffmetadata', '-i', tags, '-map_metadata', '1', '-c', 'copy'], out);
      return readFile(out);
    },
  },
  { name: 'half of a clip', make: ({ clip }) => clip.subarray(0, Math.floor(clip.length * 0.6)) },
  {
    name: 'a clip full of holes',
    make: ({ clip }) => {
      const copy = Buffer.from(clip);
      const from = copy.indexOf('mdat', 0, 'latin1') + 2_000;
      for (let at = from; at < copy.length; at += 97) copy[at] = (copy[at]! + 113) % 256;
      return copy;
    },
  },
];
