import { createReadStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { importLog } from '../../../src/cli/import/importLog.js';
import { readLines } from '../../../src/cli/import/lines.js';
import { decodeHit } from '../../../src/pipelines/hits/event.js';
import { parseObject } from '../../../src/pipelines/jsonEvent.js';
import { memoryOutput } from '../support/memoryOutput.js';

const GOOD = '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5.0"';
const CUT = GOOD.slice(0, -3);

/** `bytes` in chunks of `size`. */
function chunks(bytes: Buffer, size = 7): AsyncIterable<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return Readable.from(parts);
}

async function importBytes(bytes: Buffer, host: string | null = null) {
  const output = memoryOutput();
  const counts = await importLog({ source: chunks(bytes), output, host, onProgress: () => undefined });
  return { counts, records: output.records };
}

async function linesOf(bytes: Buffer, size?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of readLines(chunks(bytes, size))) lines.push(...some);
  return lines;
}

describe('records', () => {
  it('sends an event keyed by ip, without a time stamp', async () => {
    const { records } = await importBytes(Buffer.from(`${GOOD}\n`), 'www.example.com');
    expect(records).toHaveLength(1);
    expect(Object.keys(records[0]!)).toEqual(['key', 'value']);
    expect(records[0]!.key).toBe('192.0.2.7');
    expect(JSON.parse(records[0]!.value as string)).toMatchObject({
      host: 'www.example.com',
      ip: '192.0.2.7',
    });
  });

  it('sends a line without client without a key', async () => {
    const { records } = await importBytes(Buffer.from(GOOD.replace('192.0.2.7', '-')));
    expect(records[0]!.key).toBeNull();
  });

  it('sends a cut-off line as the bytes it is, without a key', async () => {
    const bytes = Buffer.concat([Buffer.from(CUT), Buffer.from([0xff, 0x00, 0xc3])]);
    const { records, counts } = await importBytes(Buffer.concat([bytes, Buffer.from('\n')]));
    expect(records).toEqual([{ key: null, value: bytes }]);
    expect(counts).toEqual({ lines: 1, events: 0, cutOff: 1 });
  });

  it('skips empty lines, reads CRLF, needs no line end at the end', async () => {
    const { counts } = await importBytes(Buffer.from(`\n${GOOD}\r\n\r\n${CUT}\n\n${GOOD}`));
    expect(counts).toEqual({ lines: 3, events: 2, cutOff: 1 });
  });

  it('makes nothing of nothing', async () => {
    expect((await importBytes(Buffer.alloc(0))).counts).toEqual({ lines: 0, events: 0, cutOff: 0 });
  });

  it('makes events that the hits pipeline accepts, and cut-off lines that it rejects', async () => {
    const { records } = await importBytes(Buffer.from(`${GOOD}\n${CUT}`));
    expect(records.map(({ value }) => decodeHit(parseObject(String(value))).reason)).toEqual([
      null,
      'bad_json',
    ]);
  });
});

describe('lines', () => {
  it.each([1, 2, 3, 1000])('does not depend on chunks (of %i bytes)', async (size) => {
    expect(await linesOf(Buffer.from('ab\n\ncd\ne'), size)).toEqual(['ab', '', 'cd', 'e']);
    expect(await linesOf(gzipSync('ab\n\ncd\ne'), size)).toEqual(['ab', '', 'cd', 'e']);
  });

  it('reads gzip of several members, cut anywhere between them', async () => {
    expect(await linesOf(Buffer.concat([gzipSync('ab\nc'), gzipSync('d\n'), gzipSync('ef')]))).toEqual([
      'ab',
      'cd',
      'ef',
    ]);
  });

  it('takes one byte for plain text, also the first of gzip', async () => {
    expect(await linesOf(Buffer.from([0x1f]))).toEqual(['\x1f']);
  });

  it('fails where gzip data ends early', async () => {
    await expect(linesOf(gzipSync('ab\ncd\n'.repeat(100)).subarray(0, -10))).rejects.toThrow(
      'unexpected end of file',
    );
  });

  it('fails on what is no text of lines', async () => {
    await expect(linesOf(Buffer.alloc(600_000, 0x61), 65_536)).rejects.toThrow('not an access log');
  });
});

const REAL_LOG = new URL('../../../../shared/data/apache_logs.log', import.meta.url);

describe('a real log', () => {
  it.skipIf(!existsSync(REAL_LOG))(
    '10,000 lines, of which one is cut off (skipped where ../shared/data is absent)',
    async () => {
      const output = memoryOutput();
      const source = createReadStream(REAL_LOG);
      expect(await importLog({ source, output, host: 'h', onProgress: () => undefined })).toEqual({
        lines: 10_000,
        events: 9_999,
        cutOff: 1,
      });
      const groups = output.records.map(({ value }) => {
        const hit = decodeHit(parseObject(String(value)));
        return hit.reason === null ? `${Math.floor(hit.time / 300_000)} ${hit.item.referrer}` : hit.reason;
      });
      expect(groups.filter((group) => group === 'bad_json')).toHaveLength(1);
      expect(new Set(groups).size).toBe(1_738 + 1);
    },
  );
});
