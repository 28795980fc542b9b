import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { KafkaConfig } from '../io/kafka/config.js';
import { ensureTopic } from '../io/kafka/createTopic.js';
import { openWriter, type OutgoingRecord } from '../io/kafka/writer.js';
import { UsageError } from './options.js';

/** Where `import` and `generate` put their records. */
export interface RecordOutput {
  /** Takes the records in order; resolves when the next may come. One call at a time. */
  write(records: readonly OutgoingRecord[]): Promise<void>;
  /** Resolves when all are safe. */
  close(): Promise<void>;
}

/** Does `work` and closes the output, however it ends: when this resolves, all is safe. */
export async function thenClosed<T>(output: RecordOutput, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await output.close();
  }
}

/** Writes the values alone, one a line; keys and record times are left out, a null value is an empty line. */
export function linesOutput(stream: Writable): RecordOutput {
  return {
    async write(records) {
      const parts: Buffer[] = [];
      let text = '';
      for (const { value } of records) {
        if (Buffer.isBuffer(value)) {
          parts.push(Buffer.from(text), value);
          text = '\n';
        } else {
          text += `${value ?? ''}\n`;
        }
      }
      const chunk = parts.length === 0 ? text : Buffer.concat([...parts, Buffer.from(text)]);
      if (!stream.write(chunk)) await once(stream, 'drain');
    },
    close: () => Promise.resolve(),
  };
}

export interface TopicTarget {
  kafka: KafkaConfig;
  topic: string;
  /** As asked by `--partitions`; undefined: not asked, a new topic gets 1. */
  partitions: number | undefined;
  /** Records are stamped with event times: a new topic keeps them for ever. */
  eventStamps: boolean;
  /** Tells a person something that is no error. */
  note: (sentence: string) => void;
}

/**
 * Writes to a Kafka topic, which is made where it is absent and otherwise left as it is. The next records are made while the last ones
 * are under way.
 *
 * @throws UsageError where the topic has another number of partitions than was asked for: nothing has been written then, and what is
 * written to a topic cannot be taken back
 */
export async function topicOutput(target: TopicTarget): Promise<RecordOutput> {
  const { kafka, topic, partitions, eventStamps, note } = target;
  const made = await ensureTopic(kafka, {
    topic,
    partitions: partitions ?? 1,
    ...(eventStamps ? { retention: 'forever' } : {}),
  });
  if (partitions !== undefined && made.partitions !== partitions) {
    throw new UsageError([
      `--partitions ${partitions}: topic ${topic} exists with ${made.partitions}, and is never altered; ` +
        'leave the option out to write to it as it is, or name another topic',
    ]);
  }
  if (eventStamps && !made.created) {
    note(
      `topic ${topic} exists already: unless its retention.ms is -1, the broker deletes records with old time stamps`,
    );
  }

  const writer = await openWriter(kafka, topic);
  let underWay = Promise.resolve();
  return {
    async write(records) {
      await underWay;
      underWay = writer.write(records);
      underWay.catch(() => undefined); // thrown by the next write or by close
    },
    async close() {
      try {
        await underWay;
      } finally {
        await writer.close();
      }
    },
  };
}
