/** Answers of a broker as they follow the correlation id. */

export interface FetchAnswer {
  throttleMs?: number;
  /** Of the whole answer, which then names no partition. */
  sessionErrorCode?: number;
  /** True: the answer names no partition, as when the broker only wants to slow us down. */
  nothing?: boolean;
  topic?: string;
  partition?: number;
  errorCode?: number;
  lastStableOffset?: number;
  startOffset?: number;
  abortedTransactions?: { producerId: number; firstOffset: number }[] | null;
  batches?: Buffer | null;
}

/** Fetch v11 */
export function encodeFetchAnswer(answer: FetchAnswer): Buffer {
  const { lastStableOffset = 0, abortedTransactions: aborted = [], batches = Buffer.alloc(0) } = answer;
  const head = [int32(answer.throttleMs ?? 0), int16(answer.sessionErrorCode ?? 0), int32(0)];
  if (answer.nothing === true || answer.sessionErrorCode !== undefined)
    return Buffer.concat([...head, int32(0)]);
  const partition = [
    int32(answer.partition ?? 0),
    int16(answer.errorCode ?? 0),
    int64(lastStableOffset + 7),
    int64(lastStableOffset),
    int64(answer.startOffset ?? 0),
    aborted === null
      ? int32(-1)
      : array(
          aborted.map(({ producerId, firstOffset }) =>
            Buffer.concat([int64(producerId), int64(firstOffset)]),
          ),
        ),
    int32(-1),
    ...(batches === null ? [int32(-1)] : [int32(batches.length), batches]),
  ];
  return Buffer.concat([
    ...head,
    array([Buffer.concat([text(answer.topic ?? 'events'), array([Buffer.concat(partition)])])]),
  ]);
}

/** Fetch v13, with tagged fields wherever there may be some, which nobody knows. */
export function encodeFetchByIdAnswer(answer: FetchAnswer): Buffer {
  const { lastStableOffset = 0, abortedTransactions: aborted = [], batches = Buffer.alloc(0) } = answer;
  const head = [TAGS, int32(answer.throttleMs ?? 0), int16(answer.sessionErrorCode ?? 0), int32(0)];
  if (answer.nothing === true || answer.sessionErrorCode !== undefined)
    return Buffer.concat([...head, compact([]), TAGS]);
  const partition = [
    int32(answer.partition ?? 0),
    int16(answer.errorCode ?? 0),
    int64(lastStableOffset + 7),
    int64(lastStableOffset),
    int64(answer.startOffset ?? 0),
    aborted === null
      ? varint(0)
      : compact(
          aborted.map(({ producerId, firstOffset }) =>
            Buffer.concat([int64(producerId), int64(firstOffset), TAGS]),
          ),
        ),
    int32(-1),
    ...(batches === null ? [varint(0)] : [varint(batches.length + 1), batches]),
    TAGS,
  ];
  const topic = [Buffer.alloc(16, 7), compact([Buffer.concat(partition)]), TAGS];
  return Buffer.concat([...head, compact([Buffer.concat(topic)]), TAGS]);
}

export interface MetadataAnswer {
  brokers: { nodeId: number; address: string }[];
  topic: string;
  /** As Kafka's tools write it; left out: the broker has none. */
  topicId?: string;
  errorCode?: number;
  /** Node ids by partition; -1 for none. */
  leaders: number[];
}

/** Metadata v6 */
export function encodeMetadataAnswer({ brokers, topic, errorCode = 0, leaders }: MetadataAnswer): Buffer {
  return Buffer.concat([
    int32(0),
    array(
      brokers.map(({ nodeId, address }) => {
        const [host = '', port] = address.split(':');
        return Buffer.concat([int32(nodeId), text(host), int32(Number(port)), int16(-1)]);
      }),
    ),
    text('cluster'),
    int32(1),
    array([
      Buffer.concat([
        int16(errorCode),
        text(topic),
        Buffer.from([0]),
        array(
          leaders.map((leader, partition) =>
            Buffer.concat([int16(0), int32(partition), int32(leader), array([]), array([]), array([])]),
          ),
        ),
      ]),
    ]),
  ]);
}

/** Metadata v10 */
export function encodeMetadataByIdAnswer(answer: MetadataAnswer): Buffer {
  const { brokers, topic, topicId, errorCode = 0, leaders } = answer;
  return Buffer.concat([
    TAGS,
    int32(0),
    compact(
      brokers.map(({ nodeId, address }) => {
        const [host = '', port] = address.split(':');
        return Buffer.concat([int32(nodeId), compactText(host), int32(Number(port)), varint(0), TAGS]);
      }),
    ),
    compactText('cluster'),
    int32(1),
    compact([
      Buffer.concat([
        int16(errorCode),
        compactText(topic),
        topicId === undefined ? Buffer.alloc(16) : Buffer.from(topicId, 'base64url'),
        Buffer.from([0]),
        compact(
          leaders.map((leader, partition) =>
            Buffer.concat([
              int16(0),
              int32(partition),
              int32(leader),
              int32(4),
              compact([int32(1), int32(2)]),
              compact([int32(1)]),
              compact([]),
              TAGS,
            ]),
          ),
        ),
        int32(0),
        TAGS,
      ]),
    ]),
    int32(0),
    TAGS,
  ]);
}

/** ListOffsets v3, of one partition */
export function encodeOffsetAnswer(answer: { topic: string; errorCode?: number; offset: number }): Buffer {
  const partition = Buffer.concat([int32(0), int16(answer.errorCode ?? 0), int64(-1), int64(answer.offset)]);
  return Buffer.concat([int32(0), array([Buffer.concat([text(answer.topic), array([partition])])])]);
}

/** ApiVersions v2 */
export function encodeApiVersions(newest: Record<number, number>): Buffer {
  const versions = Object.entries(newest).map(([key, version]) =>
    Buffer.concat([int16(Number(key)), int16(0), int16(version)]),
  );
  return Buffer.concat([int16(0), array(versions), int32(0)]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}

function array(elements: Buffer[]): Buffer {
  return Buffer.concat([int32(elements.length), ...elements]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

function compact(elements: Buffer[]): Buffer {
  return Buffer.concat([varint(elements.length + 1), ...elements]);
}

function compactText(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length + 1), bytes]);
}

/** Two tagged fields, 200 and 201. */
const TAGS = Buffer.concat([varint(2), varint(200), varint(3), Buffer.from('abc'), varint(201), varint(0)]);
