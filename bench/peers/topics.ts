import { eventJson, eventMaker, type EventParts } from '../../src/cli/generate/events.js';
import { seededRandom } from '../../src/cli/generate/random.js';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { openWriter, type OutgoingRecord } from '../../src/io/kafka/writer.js';
import { madeTopic, PARTITIONS } from '../topics.js';
import type { World } from '../world.js';
import type { JobName } from './engines.js';

/**
 * Less than the shortest delay, that of sessions: then no record lies behind any engine's watermark, and when an engine moves its
 * watermark cannot change a row.
 */
const DISORDER_MS = 25_000;
const PER_SECOND = 50;
const START_MS = Date.UTC(2026, 0, 1);
const AT_ONCE = 4_000;

/** More than any engine here keeps a row back: a grace of 15 minutes, and the 5 of a window or a gap. */
const KEPT_BACK_MS = 20 * 60_000;

/** Fewer events would end before any window that all engines must have closed. */
export const LEAST_EVENTS = 100_000;

/** Rows that end before this are written by every engine when it has read a topic of so many events; epoch ms. */
export function closedBefore(events: number): number {
  return START_MS + (events / PER_SECOND) * 1000 - KEPT_BACK_MS;
}

/** A topic that all engines read. Hits and sessions have one, clicks another. */
export function peerTopic(world: World, job: JobName, events: number): Promise<string> {
  const prefix = job === 'clicks' ? 'bench-peers-clicks' : 'bench-peers-web';
  const record = job === 'clicks' ? clickRecord : webRecord;
  return madeTopic(world, {
    events,
    prefix,
    async fill(topic) {
      await ensureTopic(world.kafka, { topic, partitions: PARTITIONS });
      const writer = await openWriter(world.kafka, topic);
      const random = seededRandom(42);
      const makeParts = eventMaker(random, { hosts: 1, shape: 'spread' });
      const make = (index: number): OutgoingRecord => {
        const place = START_MS + Math.floor((index * 1000) / PER_SECOND);
        return record(makeParts(index, place - random.below(DISORDER_MS + 1)), index);
      };
      for (let from = 0; from < events; from += AT_ONCE) {
        const count = Math.min(AT_ONCE, events - from);
        await writer.write(Array.from({ length: count }, (_, i) => make(from + i)));
      }
      await writer.close();
    },
  });
}

/** As `weir generate` makes it, but that each event has a user agent: Spark's job fails at null. */
function webRecord(parts: EventParts): OutgoingRecord {
  return { key: text(parts.ip), value: eventJson(withAgent(parts)) };
}

/** The same fields, and beside them those that only weir's clicks have. Everybody is a user: Spark's job takes addresses for users, too. */
function clickRecord(parts: EventParts, index: number): OutgoingRecord {
  const userId = parts.userId === 'null' ? parts.ip : parts.userId;
  const event = eventJson({ ...withAgent(parts), userId });
  const more = `,"timestamp":${parts.eventTime},"key":"k${index}","country":"unknown"}`;
  return { key: text(userId), value: event.slice(0, -1) + more };
}

function withAgent(parts: EventParts): EventParts {
  return parts.userAgent === 'null' ? { ...parts, userAgent: '"-"' } : parts;
}

/** Of the JSON text of a string that needs no escapes. */
function text(json: string): string {
  return json.slice(1, -1);
}
