import * as zlib from 'node:zlib';
import { compress as compressZstd } from '@bokuweb/zstd-wasm';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { codec, loadCodec } from '../../src/io/kafka/codecs.js';

/** The four codecs as producers write them. zstd needs `loadCodec(codec.zstd)` first. */
export const compressors = {
  gzip: { number: codec.gzip, compress: (data: Buffer) => zlib.gzipSync(data) },
  snappy: { number: codec.snappy, compress: xerialSnappy },
  lz4: { number: codec.lz4, compress: (data: Buffer) => compressFrameSync(data) },
  zstd: { number: codec.zstd, compress: (data: Buffer) => Buffer.from(compressZstd(data)) },
};

/** Snappy as Java's producers frame it: blocks of at most 32 kB. */
function xerialSnappy(data: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from('82534e41505059000000000100000001', 'hex')];
  for (let at = 0; at < data.length; at += 32_768) {
    const block = compressSync(data.subarray(at, at + 32_768));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Teaches kafkajs's producer the codecs that it has only names for. */
export async function registerProducerCodecs(): Promise<void> {
  await import('../../src/io/kafka/zstdWasm.js');
  for (const { number, compress } of Object.values(compressors)) {
    const decompress = await loadCodec(number);
    kafkajs.CompressionCodecs[number as 1] = () => ({
      compress: async (encoder: { buffer: Buffer }) => compress(encoder.buffer),
      decompress: async (data: Buffer) => decompress(data),
    });
  }
}
