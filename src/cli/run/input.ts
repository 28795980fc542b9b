import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHUNK_BYTES = 262_144;

/** Where events come from. */
export interface Input {
  /** The bytes from the beginning. */
  read(): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** The file `path`, or standard input where it is `-`, to be read once, as the bytes come. */
export function openOnce(path: string): Input {
  return {
    read: () => (path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES })),
    close: () => Promise.resolve(),
  };
}

/** The same, to be read more than once, one after the other: what is no regular file, such as a pipe, is copied to a temporary one. */
export async function openRereadable(path: string): Promise<Input> {
  const regular = path !== '-' && (await stat(path)).isFile();
  const file = regular ? await open(path) : await spooled(openOnce(path).read());
  return {
    read: () => file.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES }),
    close: () => file.close(),
  };
}

/** A temporary file with all of `source`. It has no name from the beginning on, so that nothing is left however the process ends. */
async function spooled(source: AsyncIterable<Buffer>): Promise<FileHandle> {
  const path = join(tmpdir(), `weir-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    await writeFile(file, source);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The lines of `source`, without their `\n`, as lists of what each chunk completed. Invalid UTF-8 becomes U+FFFD. A `\n` at the very end
 * begins no further line. Of any length.
 */
export async function* textLines(source: AsyncIterable<Buffer>): AsyncGenerator<string[], void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of source) {
    // Cut only behind a line end: so no character is cut in two.
    const end = chunk.lastIndexOf(0x0a);
    if (end === -1) {
      rest.push(chunk);
      continue;
    }
    const whole = chunk.subarray(0, end);
    yield (rest.length === 0 ? whole : Buffer.concat([...rest, whole])).toString('utf8').split('\n');
    rest = end + 1 === chunk.length ? [] : [chunk.subarray(end + 1)];
  }
  if (rest.length > 0) yield [Buffer.concat(rest).toString('utf8')];
}
