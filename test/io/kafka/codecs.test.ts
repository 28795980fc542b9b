import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { codec, loadCodec } from '../../../src/io/kafka/codecs.js';
import { decompressZstd } from '../../../src/io/kafka/zstdWasm.js';
import { compressors } from '../../support/kafkaCodecs.js';

const texts = ['', 'a', 'abc'.repeat(100_000)];

describe.each(Object.entries(compressors))('%s', (_, { number, compress }) => {
  test.each(texts)('gives back what was compressed', async (text) => {
    const decompress = await loadCodec(number);
    expect(decompress(compress(Buffer.from(text))).toString() === text).toBe(true);
  });
});

test('a codec that does not exist is an error', async () => {
  await expect(loadCodec(5)).rejects.toThrow('compression codec 5 is unknown');
});

describe('snappy', () => {
  test.each(texts)('one bare block, as some producers send it', async (text) => {
    const decompress = await loadCodec(codec.snappy);
    expect(decompress(compressSync(text)).toString() === text).toBe(true);
  });

  test('a block that is cut off is an error', async () => {
    const decompress = await loadCodec(codec.snappy);
    const framed = compressors.snappy.compress(Buffer.from('text'));
    expect(() => decompress(framed.subarray(0, framed.length - 1))).toThrow('a snappy block is cut off');
  });
});

describe('zstd for Node before 22.15', () => {
  /** A frame that does not tell its size, as Java writes it: `blocks` times a run of 128 kB of one byte. */
  function frameWithoutSize(blocks: number): Buffer {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x70]);
    const [run, bytes] = [1, 131_072];
    const body = Array.from({ length: blocks }, (_, index) => {
      const block = (index === blocks - 1 ? 1 : 0) | (run << 1) | (bytes << 3);
      return Buffer.from([block & 0xff, (block >> 8) & 0xff, block >> 16, 0x61]);
    });
    return Buffer.concat([header, ...body]);
  }

  test.each([1, 8, 9, 100])('a frame of unknown size: %i x 128 kB', (blocks) => {
    const data = decompressZstd(frameWithoutSize(blocks));
    expect(data.length).toBe(blocks * 131_072);
    expect(data.every((byte) => byte === 0x61)).toBe(true);
  });

  test('damaged data is an error at once', () => {
    expect(() => decompressZstd(Buffer.from('no zstd at all'))).toThrow();
  });
});
