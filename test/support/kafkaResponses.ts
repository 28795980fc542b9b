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

export interface MetadataAnswer {
  brokers: { nodeId: number; address: string }[];
  topic: string;
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
