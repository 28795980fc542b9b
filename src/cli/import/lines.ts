import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Longer than any line of a log; with one chunk more it still fits into a Kafka record (1 MiB). */
const LONGEST_LINE = 500_000;
/** One chunk becomes one write: about a thousand lines. */
export const CHUNK_BYTES = 262_144;

/**
 * The lines of a file, plain or gzip (told by its first bytes, of any number of members), without their `\n`, as lists of what each
 * chunk completed. One character a byte ("latin1"): every byte comes through, whatever the encoding. The last line needs no `\n`.
 *
 * Throws where gzip data is damaged or ends early (the lines before it have been given), and on a line longer than 500 kB.
 */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<string[], void, undefined> {
  let rest = '';
  for await (const chunk of decompressed(source)) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE)
      throw new Error(`a line is longer than ${LONGEST_LINE} bytes: this is not an access log`);
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}

async function* decompressed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < 2 && !ended) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, next.value]);
  }
  const whole = (async function* () {
    if (head.length > 0) yield head;
    if (!ended) yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  yield* head[0] === 0x1f && head[1] === 0x8b ? gunzipped(whole) : whole;
}

function gunzipped(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(source, gunzip, () => undefined); // an error of either side comes out of reading `gunzip`
  return gunzip;
}
