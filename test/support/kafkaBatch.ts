/** Writes what brokers store and send, byte by byte: for tests of the decoder, and for the log in memory. */

export interface BatchRecord {
  key?: string | Buffer | null;
  value?: string | Buffer | null;
  timestampMs?: number;
  headers?: [string, string][];
  /** Default: the offset after the record before. */
  offset?: number;
}

export interface BatchOptions {
  baseOffset: number;
  records: BatchRecord[];
  /** Default: the last record's. Larger when compaction has removed records at the end. */
  lastOffset?: number;
  codec?: { number: number; compress: (data: Buffer) => Buffer };
  /** Stamped by the broker at this time (LogAppendTime). */
  appendedAtMs?: number;
  /** What the records' times are relative to; default: the first record's. */
  baseTimestampMs?: number;
  producerId?: number;
  transactional?: boolean;
  control?: boolean;
  format?: number;
}

function zigzagVarint(number: number): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(number) << 1n) ^ (BigInt(number) >> 63n));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function encodeBatch(options: BatchOptions): Buffer {
  const { baseOffset, records, producerId = -1 } = options;
  const baseTimestampMs = options.baseTimestampMs ?? records[0]?.timestampMs ?? 0;
  let offset = baseOffset - 1;
  const encoded = records.map((record) => {
    offset = record.offset ?? offset + 1;
    return encodeRecord(record, {
      offset: offset - baseOffset,
      ms: (record.timestampMs ?? 0) - baseTimestampMs,
    });
  });
  const plain = Buffer.concat(encoded);
  const body = options.codec === undefined ? plain : options.codec.compress(plain);

  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(baseOffset), 0);
  header.writeInt32BE(49 + body.length, 8);
  header.writeInt8(options.format ?? 2, 16);
  const attributes =
    (options.codec?.number ?? 0) |
    (options.appendedAtMs === undefined ? 0 : 0x08) |
    (options.transactional === true ? 0x10 : 0) |
    (options.control === true ? 0x20 : 0);
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE((options.lastOffset ?? Math.max(offset, baseOffset)) - baseOffset, 23);
  header.writeBigInt64BE(BigInt(baseTimestampMs), 27);
  const largestMs =
    options.appendedAtMs ?? Math.max(0, ...records.map(({ timestampMs }) => timestampMs ?? 0));
  header.writeBigInt64BE(BigInt(largestMs), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt32BE(records.length, 57);
  return Buffer.concat([header, body]);
}

/** The batch that ends a transaction. `baseTimestampMs` as the log cleaner leaves it, in the distance. */
export function encodeMarker(options: {
  offset: number;
  producerId: number;
  outcome: 'abort' | 'commit';
  timestampMs?: number;
  baseTimestampMs?: number;
}): Buffer {
  const { offset, producerId, timestampMs = 0 } = options;
  const key = Buffer.from([0, 0, 0, options.outcome === 'abort' ? 0 : 1]);
  return encodeBatch({
    baseOffset: offset,
    records: [{ key, value: Buffer.alloc(6), timestampMs }],
    baseTimestampMs: options.baseTimestampMs ?? timestampMs,
    producerId,
    transactional: true,
    control: true,
  });
}

function encodeRecord(record: BatchRecord, delta: { offset: number; ms: number }): Buffer {
  const headers = record.headers ?? [];
  const body = Buffer.concat([
    Buffer.from([0]),
    zigzagVarint(delta.ms),
    zigzagVarint(delta.offset),
    ...sized(record.key),
    ...sized(record.value),
    zigzagVarint(headers.length),
    ...headers.flatMap(([name, value]) => [...sized(name), ...sized(value)]),
  ]);
  return Buffer.concat([zigzagVarint(body.length), body]);
}

function sized(data: string | Buffer | null | undefined): Buffer[] {
  if (data === null || data === undefined) return [zigzagVarint(-1)];
  const bytes = Buffer.from(data);
  return [zigzagVarint(bytes.length), bytes];
}
