/**
 * The contract of reading one partition of one topic: what a reader gives and how it fails.
 * `kafkaReader.ts` keeps it with a real cluster; the rules are "Kafka's own corners" of docs/semantics.md.
 * Offsets are numbers: exact below 2^53, which a log never reaches.
 */

/** Reads one partition of one topic from any offset; keeps a connection, never a position. One user at a time. */
export interface LogReader {
  /**
   * Reads from `offset` on. At the end of the log it waits until something comes, `maxWaitMs` at most, and then
   * gives an empty result.
   * @throws {OffsetOutOfRange} the offset is below the oldest one or above the end
   * @throws {KafkaUnavailable} worth another try after a moment; the reader has dropped its connection
   * @throws {KafkaRefused} the cluster says no, for a reason that a repetition does not cure
   * @throws {OtherTopic} the topic is not the one that was meant
   * @throws {UnreadableLog} the bytes cannot be decoded (the cursor's `next` throws it too)
   */
  fetch(request: FetchRequest): Promise<Fetched>;
  /** Drops the connection; a fetch that still waits fails with KafkaUnavailable. Never rejects. */
  close(): Promise<void>;
}

export interface FetchRequest {
  offset: number;
  maxWaitMs: number;
  /** Not a bound: the first batch comes whole, however big it is. */
  maxBytes: number;
}

export interface Fetched {
  /** Data records at or above the wanted offset, in order; control records, aborted transactions and gaps are passed over. */
  records: RecordCursor;
  /** Oldest offset that retention has left. */
  startOffset: number;
  /** The end of what may be read (read_committed): the last stable offset. */
  endOffset: number;
  /** Wall clock when the request was sent. Nothing that came later can be in an empty result; earlier ones may be. */
  requestedAtMs: number;
}

/**
 * Walks over fetched records without making an object for any of them: `next` moves it to a record, whose fields it
 * then shows. May be left in the middle; whoever reads on asks for `nextOffset`.
 */
export interface RecordCursor {
  /**
   * Moves to the next record; false at the end.
   * @throws {UnreadableLog}
   */
  next(): boolean;
  readonly offset: number;
  /** The record's own time, or the broker's when the topic stamps by LogAppendTime. */
  readonly timestampMs: number;
  /** A view, valid until the next fetch. */
  key(): Buffer | null;
  /** A view, valid until the next fetch; null for a tombstone. */
  value(): Buffer | null;
  /** The value where it lies; a start of -1 is a tombstone. The bytes of a buffer never change. */
  readonly valueIn: Buffer;
  readonly valueStart: number;
  readonly valueEnd: number;
  /**
   * Where reading goes on after the records taken so far. It passes control records, compacted gaps and aborted
   * transactions, so that it moves even when there was no record, and reaches the end when everything is taken.
   */
  readonly nextOffset: number;
}

/** Which log an error is about. */
export interface LogName {
  topic: string;
  partition: number;
}

/** The wanted offset is not in the log: removed by retention, or beyond the end. Never answered by a silent jump. */
export class OffsetOutOfRange extends Error {
  override readonly name = 'OffsetOutOfRange';
  readonly topic: string;
  readonly partition: number;
  readonly wantedOffset: number;
  readonly startOffset: number;
  readonly endOffset: number;

  constructor(log: LogName, offsets: { wantedOffset: number; startOffset: number; endOffset: number }) {
    const { wantedOffset, startOffset, endOffset } = offsets;
    super(
      `offset ${wantedOffset} of ${log.topic}/${log.partition} is not in the log, which holds ${startOffset} (oldest) to ${endOffset} (end)`,
    );
    this.topic = log.topic;
    this.partition = log.partition;
    this.wantedOffset = wantedOffset;
    this.startOffset = startOffset;
    this.endOffset = endOffset;
  }
}

/** A broker is away, a leader has moved, a topic is not there (yet): worth another try after a moment. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable';
}

/** The cluster refuses (authorization, an invalid topic name, a version): a person has to change something. */
export class KafkaRefused extends Error {
  override readonly name = 'KafkaRefused';
}

/** The topic was deleted, and made again by the same name: its offsets mean other records. Ids as Kafka's tools write them. */
export class OtherTopic extends Error {
  override readonly name = 'OtherTopic';

  constructor(topic: string, ids: { expected: string; found: string }) {
    super(
      `topic ${topic} was deleted and made again: its id is ${ids.found} now, and the job has read the one with id ${ids.expected}. ` +
        'Start a job under another workflow id, which reads the new topic from its oldest offset',
    );
  }
}

/**
 * Throws where both ids are known and differ.
 * @throws {OtherTopic}
 */
export function expectTopic(topic: string, ids: { expected: string | null; found: string | null }): void {
  const { expected, found } = ids;
  if (expected !== null && found !== null && expected !== found)
    throw new OtherTopic(topic, { expected, found });
}

/** Bytes that cannot be decoded: an old message format, a codec that does not load, a damaged batch. */
export class UnreadableLog extends Error {
  override readonly name = 'UnreadableLog';

  constructor(log: LogName, at: { offset: number; reason: string; cause?: unknown }) {
    super(`${log.topic}/${log.partition} cannot be read at offset ${at.offset}: ${at.reason}`, {
      cause: at.cause,
    });
  }
}
