/**
 * Arrays as parameters of a statement, in Postgres's binary format: building and reading them costs a fraction of the text that the client
 * library makes of JavaScript arrays. A parameter has to be cast to the array's type.
 */

/** Type numbers of pg_type, fixed for all time. */
const BOOL = 16;
const INT8 = 20;
const INT4 = 23;
const TEXT = 25;
const BYTEA = 17;
const TIMESTAMPTZ = 1184;

const HEADER_BYTES = 20;
const TWO_32 = 2 ** 32;
/** Postgres counts microseconds from 2000-01-01T00:00:00Z. */
const EPOCH_2000_MS = 946_684_800_000;

/** For `bigint[]`; whole numbers within ±2^53. */
export function int8Array(values: readonly number[]): Buffer {
  const { buffer, at } = header(INT8, values.length, 12 * values.length);
  let to = at;
  for (const value of values) {
    const high = Math.floor(value / TWO_32);
    to = buffer.writeInt32BE(8, to);
    to = buffer.writeInt32BE(high, to);
    to = buffer.writeUInt32BE(value - high * TWO_32, to);
  }
  return buffer;
}

/** For `integer[]`. */
export function int4Array(values: readonly number[]): Buffer {
  const { buffer, at } = header(INT4, values.length, 8 * values.length);
  let to = at;
  for (const value of values) {
    to = buffer.writeInt32BE(4, to);
    to = buffer.writeInt32BE(value, to);
  }
  return buffer;
}

/** For `boolean[]`. */
export function boolArray(values: readonly boolean[]): Buffer {
  const { buffer, at } = header(BOOL, values.length, 5 * values.length);
  let to = at;
  for (const value of values) {
    to = buffer.writeInt32BE(1, to);
    to = buffer.writeUInt8(value ? 1 : 0, to);
  }
  return buffer;
}

/** For `timestamptz[]`; epoch milliseconds, exact over the whole range of event times, where microseconds exceed 2^53. */
export function timestamptzArray(instants: readonly number[]): Buffer {
  const { buffer, at } = header(TIMESTAMPTZ, instants.length, 12 * instants.length);
  let to = at;
  for (const instant of instants) {
    // (high * 2^22 + low) * 1000, carried from 32 bits to the next.
    const ms = instant - EPOCH_2000_MS;
    const high = Math.floor(ms / 2 ** 22);
    const low = ms - high * 2 ** 22;
    const top = Math.floor((high * 1000) / 1024);
    const rest = (high * 1000 - top * 1024) * 2 ** 22 + low * 1000;
    const carry = rest >= TWO_32 ? 1 : 0;
    to = buffer.writeInt32BE(8, to);
    to = buffer.writeInt32BE(top + carry, to);
    to = buffer.writeUInt32BE(rest - carry * TWO_32, to);
  }
  return buffer;
}

/** For `text[]`; null for NULL. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let bytes = 0;
  for (const value of values) if (value !== null) bytes += Buffer.byteLength(value);
  const { buffer, at } = header(TEXT, values.length, 4 * values.length + bytes);
  let to = at;
  for (const value of values) {
    if (value === null) {
      to = buffer.writeInt32BE(-1, to);
      continue;
    }
    const written = buffer.write(value, to + 4, 'utf8');
    buffer.writeInt32BE(written, to);
    to += 4 + written;
  }
  return buffer;
}

/** For `bytea[]`. */
export function byteaArray(values: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += value.length;
  const { buffer, at } = header(BYTEA, values.length, 4 * values.length + bytes);
  let to = at;
  for (const value of values) {
    to = buffer.writeInt32BE(value.length, to);
    buffer.set(value, to);
    to += value.length;
  }
  return buffer;
}

/** A buffer for `count` elements of `bytes` bytes in all, with its header: one dimension, from 1 on, nulls allowed. */
function header(type: number, count: number, bytes: number): { buffer: Buffer; at: number } {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(type, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return { buffer, at: HEADER_BYTES };
}
