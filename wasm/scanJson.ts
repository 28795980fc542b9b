/**
 * Looks for a few fields in the JSON of one event, 16 bytes at a time, and says where they lie. AssemblyScript, compiled by bin/build.mjs;
 * src/pipelines/jsonScan.ts is the other side and says what it is for.
 *
 * `scan` is true only for what `JSON.parse` would take: the caller asks that about everything else, so that giving up is always right and
 * only ever costs time. Memory, from the bottom up, is laid out by the caller:
 *
 *     FIELDS  32 bytes each: name at, its length, first and number of the fields within | kind, start, end, place
 *     names
 *     HASHES  one for each place, then MISSED, LENGTHS
 *     TEXTS   a slot for each place: bytes of texts that have come by before
 *     the records, and 16 bytes that may be read behind them
 */

const FIELD: u32 = 32;
const HASHES: u32 = 0x4000;
const MISSED: u32 = 0x6000;
const LENGTHS: u32 = 0x8000;
const TEXTS: u32 = 0x10000;
const PLACES: u32 = 2048;
const SLOT: u32 = 256;
/** Compared by the caller: a scan of another build would read rubbish. */
export const RECORDS: u32 = TEXTS + PLACES * SLOT;

/** What a field is. Where it is a text, `place` says where it is known or should be kept, or -1. */
const ABSENT: u32 = 0;
const ASCII: u32 = 1;
const UTF8: u32 = 2;
const ESCAPED: u32 = 3;
const NULL: u32 = 4;
const NUMBER: u32 = 5;
const OBJECT: u32 = 6;
const KNOWN: u32 = 7;

const NO_FIELD: u32 = 0xffffffff;
/** Deeper nesting is given up. */
const DEEPEST: u32 = 16;

// Where it reads, and what the last string held.
let at: u32 = 0;
let end: u32 = 0;
let isEscaped: bool = false;
let isAscii: bool = true;

/** Whether the bytes from `start` to `stop` are one JSON object; then its fields, `count` of them from `first` on, are filled in. */
export function scan(start: u32, stop: u32, first: u32, count: u32): bool {
  at = start;
  end = stop;
  skipSpace();
  if (next() != 0x7b || !scanObject(first, count, 0)) return false;
  skipSpace();
  return at == end;
}

// Each of these begins at the first byte of what it reads and ends behind it.

function scanObject(first: u32, count: u32, depth: u32): bool {
  if (depth > DEEPEST) return false;
  const last = first + count * FIELD;
  for (let field = first; field < last; field += FIELD) store<u32>(field + 16, ABSENT);
  at++;
  skipSpace();
  if (next() == 0x7d) {
    at++;
    return true;
  }
  while (true) {
    if (next() != 0x22) return false;
    const name = at + 1;
    if (!scanString() || isEscaped) return false;
    const field = fieldOf(name, at - 1 - name, first, last);
    skipSpace();
    if (next() != 0x3a) return false;
    at++;
    skipSpace();
    if (!(field == NO_FIELD ? skip(depth) : take(field, depth))) return false;
    skipSpace();
    const byte = next();
    at++;
    if (byte == 0x7d) return true;
    if (byte != 0x2c) return false;
    skipSpace();
  }
}

function take(field: u32, depth: u32): bool {
  const start = at;
  const byte = next();
  let kind = NULL;
  if (byte == 0x22) {
    if (!scanString()) return false;
    kind = isEscaped ? ESCAPED : place(field, start + 1, at - 1);
  } else if (byte == 0x7b && load<u32>(field + 12) > 0) {
    if (!scanObject(load<u32>(field + 8), load<u32>(field + 12), depth + 1)) return false;
    kind = OBJECT;
  } else if (byte == 0x6e) {
    if (!scanLiteral()) return false;
  } else {
    if (!isNumber(byte) || !scanNumber()) return false;
    kind = NUMBER;
  }
  store<u32>(field + 16, kind);
  store<u32>(field + 20, start);
  store<u32>(field + 24, at);
  return true;
}

/**
 * Looks for a text that came by before. One that is not known should be kept when it is the second in turn: else addresses, which hardly
 * ever come again, would drive out all others.
 */
function place(field: u32, start: u32, stop: u32): u32 {
  const kind: u32 = isAscii ? ASCII : UTF8;
  const length = stop - start;
  store<i32>(field + 28, -1);
  if (length > SLOT) return kind;
  const hash = hashOf(start, stop);
  const index = hash & (PLACES - 1);
  const slot = TEXTS + index * SLOT;
  if (
    load<u32>(HASHES + index * 4) == hash &&
    load<u32>(LENGTHS + index * 4) == length &&
    isSame(slot, start, length)
  ) {
    store<i32>(field + 28, index);
    return KNOWN;
  }
  if (load<u32>(MISSED + index * 4) == hash) store<i32>(field + 28, index);
  else store<u32>(MISSED + index * 4, hash);
  return kind;
}

/** Keeps the text of a field at its place. The caller has to keep the string there in the same moment. */
export function keep(field: u32): void {
  const start = load<u32>(field + 20) + 1;
  const stop = load<u32>(field + 24) - 1;
  const index = load<u32>(field + 28);
  memory.copy(TEXTS + index * SLOT, start, stop - start);
  store<u32>(HASHES + index * 4, hashOf(start, stop));
  store<u32>(LENGTHS + index * 4, stop - start);
}

/** Never 0, which stands for no text. */
function hashOf(start: u32, stop: u32): u32 {
  let hash: u32 = stop - start;
  let i = start;
  for (; i + 4 <= stop; i += 4) {
    hash = (hash ^ load<u32>(i)) * 0x9e3779b1;
    hash ^= hash >> 15;
  }
  for (; i < stop; i++) hash = (hash ^ load<u8>(i)) * 0x9e3779b1;
  return (hash ^ (hash >> 15)) | 0x80000000;
}

function isSame(a: u32, b: u32, length: u32): bool {
  for (let i: u32 = 0; i < length; i += 16) {
    let same: u32 = i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)));
    if (length - i < 16) same |= (<u32>0xffff) << (length - i);
    if ((same & 0xffff) != 0xffff) return false;
  }
  return true;
}

function fieldOf(name: u32, length: u32, first: u32, last: u32): u32 {
  for (let field = first; field < last; field += FIELD) {
    if (load<u32>(field + 4) == length && isSame(load<u32>(field), name, length)) return field;
  }
  return NO_FIELD;
}

function skip(depth: u32): bool {
  const byte = next();
  if (byte == 0x22) return scanString();
  if (byte == 0x7b) return scanObject(0, 0, depth + 1);
  if (byte == 0x5b) return skipArray(depth + 1);
  return isNumber(byte) ? scanNumber() : scanLiteral();
}

function skipArray(depth: u32): bool {
  if (depth > DEEPEST) return false;
  at++;
  skipSpace();
  if (next() == 0x5d) {
    at++;
    return true;
  }
  while (true) {
    if (!skip(depth)) return false;
    skipSpace();
    const byte = next();
    at++;
    if (byte == 0x5d) return true;
    if (byte != 0x2c) return false;
    skipSpace();
  }
}

function scanString(): bool {
  let high: i32 = 0;
  at++;
  isEscaped = false;
  while (at < end) {
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
    const escapes = i8x16.eq(bytes, i8x16.splat(0x5c));
    const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
    const stops = i8x16.bitmask(v128.or(v128.or(quotes, escapes), controls));
    if (stops == 0) {
      high |= i8x16.bitmask(bytes);
      at += 16;
      continue;
    }
    const before = <u32>ctz(stops);
    high |= i8x16.bitmask(bytes) & ((1 << before) - 1);
    at += before;
    const byte = next();
    if (byte == 0x22) {
      isAscii = high == 0;
      at++;
      return true;
    }
    if (byte != 0x5c || !skipEscape()) return false;
    isEscaped = true;
  }
  return false;
}

function skipEscape(): bool {
  const byte = load<u8>(at + 1);
  if (byte == 0x75) {
    for (let i: u32 = 2; i < 6; i++) {
      const digit = load<u8>(at + i);
      const letter = digit | 0x20;
      if (!((digit >= 0x30 && digit <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return false;
    }
    at += 6;
    return true;
  }
  at += 2;
  // " / \ b f n r t
  return (
    byte == 0x22 ||
    byte == 0x2f ||
    byte == 0x5c ||
    byte == 0x62 ||
    byte == 0x66 ||
    byte == 0x6e ||
    byte == 0x72 ||
    byte == 0x74
  );
}

function scanNumber(): bool {
  if (next() == 0x2d) at++;
  if (next() == 0x30) at++;
  else if (!skipDigits()) return false;
  if (next() == 0x2e) {
    at++;
    if (!skipDigits()) return false;
  }
  if ((next() | 0x20) == 0x65) {
    at++;
    const sign = next();
    if (sign == 0x2b || sign == 0x2d) at++;
    if (!skipDigits()) return false;
  }
  return true;
}

/** One or more. */
function skipDigits(): bool {
  const start = at;
  while (isDigit(next())) at++;
  return at > start;
}

function scanLiteral(): bool {
  const first = next();
  const length: u32 = first == 0x66 ? 5 : 4;
  if (at + length > end) return false;
  const isRight =
    first == 0x66
      ? load<u32>(at + 1) == 0x65736c61 // alse
      : load<u32>(at) == 0x6c6c756e || load<u32>(at) == 0x65757274; // null, true
  at += length;
  return isRight;
}

function isNumber(byte: i32): bool {
  return byte == 0x2d || isDigit(byte);
}

function isDigit(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/** -1 at the end. */
function next(): i32 {
  return at < end ? <i32>load<u8>(at) : -1;
}

function skipSpace(): void {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09)) return;
    at++;
  }
}
