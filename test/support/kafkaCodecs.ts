import * as zlib from 'node:zlib';
import { compress as compressZstd } from '@bokuweb/zstd-wasm';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { codec, loadCodec } from '../../src/io/kafka/codecs.js';
// Compressing with it needs what this loads.
import '../../src/io/kafka/zstdWasm.js';

const { CompressionTypes } = kafkajs;

/** The four codecs as producers write them, by number and by kafkajs's name. */
export const compressors = {
  gzip: {
    number: codec.gzip,
    type: CompressionTypes.GZIP,
    compress: (data: Buffer) => zlib.gzipSync(data),
  },
  snappy: { number: codec.snappy, type: CompressionTypes.Snappy, compress: xerialSnappy },
  lz4: {
    number: codec.lz4,
    type: CompressionTypes.LZ4,
    compress: (data: Buffer) => compressFrameSync(data),
  },
  zstd: {
    number: codec.zstd,
    type: CompressionTypes.ZSTD,
    compress: (data: Buffer) => Buffer.from(compressZstd(data)),
  },
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
  for (const { number, compress } of Object.values(compressors)) {
    const decompress = await loadCodec(number);
    const codec = () => ({
      compress: async (encoder: { buffer: Buffer }) => compress(encoder.buffer),
      decompress: async (data: Buffer) => decompress(data),
    });
    Object.assign(kafkajs.CompressionCodecs, { [number]: codec });
  }
}
