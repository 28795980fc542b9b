import type { LogReader } from './logReader.js';

/**
 * Keeps connections warm between polls: at most one idle reader for each partition of a topic (of that id, where one is given), closed when nobody wants it for
 * `idleMs`. One that is in use is never handed out twice (a poll that was given up may still sit in its long poll):
 * then another one is opened.
 */
export interface ReaderPool {
  /** Gives a reader to one user, who releases or discards it. */
  acquire(topic: string, partition: number, topicId?: string | null): LogReader;
  /** Takes a reader back that may be used again. */
  release(reader: LogReader): void;
  /** Takes a reader back and closes it: after an error, or when a fetch may still wait in it. */
  discard(reader: LogReader): void;
  /** Closes all readers, also those in use. */
  close(): Promise<void>;
}

export function createReaderPool(
  open: (topic: string, partition: number, topicId: string | null) => LogReader,
  { idleMs }: { idleMs: number },
): ReaderPool {
  const inUse = new Map<LogReader, string>();
  const idle = new Map<string, { reader: LogReader; timer: NodeJS.Timeout }>();
  let closed = false;

  return {
    acquire(topic, partition, topicId = null) {
      if (closed) throw new Error('the reader pool is closed');
      // A topic's name has no "/" in it.
      const log = `${topic}/${partition}/${topicId ?? ''}`;
      const kept = idle.get(log);
      if (kept !== undefined) {
        idle.delete(log);
        clearTimeout(kept.timer);
      }
      const reader = kept?.reader ?? open(topic, partition, topicId);
      inUse.set(reader, log);
      return reader;
    },
    release(reader) {
      const log = inUse.get(reader);
      if (log === undefined) return;
      inUse.delete(reader);
      if (idle.has(log)) {
        void reader.close();
        return;
      }
      const timer = setTimeout(() => {
        idle.delete(log);
        void reader.close();
      }, idleMs);
      // An idle connection is no reason to keep the process alive.
      timer.unref();
      idle.set(log, { reader, timer });
    },
    discard(reader) {
      if (inUse.delete(reader)) void reader.close();
    },
    async close() {
      closed = true;
      for (const { timer } of idle.values()) clearTimeout(timer);
      const readers = [...inUse.keys(), ...[...idle.values()].map(({ reader }) => reader)];
      inUse.clear();
      idle.clear();
      await Promise.all(readers.map((reader) => reader.close()));
    },
  };
}
