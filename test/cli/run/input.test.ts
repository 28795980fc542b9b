import { Readable } from 'node:stream';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openRereadable, textLines } from '../../../src/cli/run/input.js';

async function linesOf(bytes: Buffer, chunkBytes: number): Promise<string[]> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  const lines: string[] = [];
  for await (const some of textLines(Readable.from(chunks))) lines.push(...some);
  return lines;
}

describe.each([1, 2, 3, 1000])('lines of chunks of %i bytes', (chunkBytes) => {
  it.each<[string, string | number[], string[]]>([
    ['end with or without a line end', 'ab\nc', ['ab', 'c']],
    ['begin no further line at the very end', 'ab\nc\n', ['ab', 'c']],
    ['may be empty', '\na\n\n', ['', 'a', '']],
    ['keep their carriage return', 'a\r\n\r\n', ['a\r', '\r']],
    ['are none of nothing', '', []],
    ['may have characters of every length', 'aé\uFFFD\u{1F600}\nz', ['aé\uFFFD\u{1F600}', 'z']],
    [
      'have U+FFFD for invalid UTF-8',
      [0x61, 0xff, 0x0a, 0xf0, 0x9f, 0x0a, 0xc3],
      ['a\uFFFD', '\uFFFD', '\uFFFD'],
    ],
    ['are cut at no other line end than \\n', 'a\u2028b\u0085c\rd\n', ['a\u2028b\u0085c\rd']],
  ])('%s', async (_, bytes, lines) => {
    expect(await linesOf(Buffer.from(bytes as string), chunkBytes)).toEqual(lines);
  });
});

it('reads a line of 3 MB', async () => {
  const long = 'é'.repeat(1_500_000);
  expect(await linesOf(Buffer.from(`a\n${long}\nb`), 65_536)).toEqual(['a', long, 'b']);
});

it('reads a file from the beginning, as often as asked', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'weir-test-')), 'file');
  await writeFile(path, 'abc');
  const input = await openRereadable(path);
  const texts = [await buffer(input.read()), await buffer(input.read())];
  await input.close();
  expect(texts.map(String)).toEqual(['abc', 'abc']);
});
