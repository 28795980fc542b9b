import { gunzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';

/** Gives the bytes that were compressed; throws when they are damaged. */
export type Decompress = (data: Buffer) => Buffer;

/** Numbers of the codecs in a batch's attributes. */
export const codec = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/**
 * Loads a codec, once a process (the module cache remembers it): nobody pays for one that their topic does not use,
 * and a native one that does not load on this machine is an error only where it is needed.
 * @throws Error when there is no such codec or it does not load
 */
export async function loadCodec(number: number): Promise<Decompress> {
  switch (number) {
    case codec.none:
      return (data) => data;
    case codec.gzip:
      return gunzipSync;
    case codec.snappy: {
      const { uncompressSync } = await import('snappy');
      return (data) => unframeSnappy(data, (block) => uncompressSync(block) as Buffer);
    }
    case codec.lz4: {
      const { decompressFrameSync } = await import('lz4-napi');
      return decompressFrameSync;
    }
    case codec.zstd: {
      // Built into Node from 22.15; the types are those of the oldest Node that is supported.
      const builtIn = (zlib as { zstdDecompressSync?: Decompress }).zstdDecompressSync;
      return builtIn ?? (await import('./zstdWasm.js')).decompressZstd;
    }
    default:
      throw new Error(`compression codec ${number} is unknown`);
  }
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

/** Java's producers cut snappy data into blocks, each with its length before it; others send one bare block. */
function unframeSnappy(data: Buffer, uncompress: Decompress): Buffer {
  if (!data.subarray(0, xerialMagic.length).equals(xerialMagic)) return uncompress(data);
  const blocks: Buffer[] = [];
  let at = xerialHeaderBytes;
  while (at < data.length) {
    const start = at + 4;
    const end = start + data.readInt32BE(at);
    if (end > data.length || end < start) throw new Error('a snappy block is cut off');
    blocks.push(uncompress(data.subarray(start, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}
