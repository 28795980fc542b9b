import { eventJson, eventMaker } from './events.js';
import { malformedValue } from './malformed.js';
import { seededRandom } from './random.js';

/** What traffic to make. The same options with a fixed {@link TrafficOptions.time} give the same bytes. */
export interface TrafficOptions {
  /** A whole number, 0 to 2^53 - 1. */
  seed: number;
  /** How many records, of all kinds together; Infinity for no end. */
  events: number;
  /** When the n-th event would happen if there were no disorder: at a steady pace, or whenever it is made. */
  time: { startMs: number; perSecond: number } | { now: () => number };
  /** An event lies up to this far back from its place, evenly. */
  disorderMs: number;
  /** Share of events that lie `latenessMs` further back, 0 to 1. */
  late: number;
  latenessMs: number;
  /** Share of records that the hits pipeline rejects, 0 to 1; other pipelines need other fields. */
  malformed: number;
  /** Share of records that repeat one of the last 64 good ones, 0 to 1. */
  duplicates: number;
  key: 'ip' | 'none';
  /** How many hosts: `www.example.com`, `site2.example.com`, …; the first are the busiest. */
  hosts: number;
  /** `spread`: each event of any visitor, by popularity; `visits`: several events of one visitor, who may log in, then of another. */
  shape: 'spread' | 'visits';
  /** Whether records are stamped with their event time (see OutgoingRecord) or by whoever writes them. */
  recordTime: 'kafka' | 'event';
}

/** Traffic with some disorder and nothing wrong with it; to be completed. */
export const PLAIN_TRAFFIC = {
  seed: 1,
  disorderMs: 45_000,
  late: 0,
  latenessMs: 600_000,
  malformed: 0,
  duplicates: 0,
  key: 'ip',
  hosts: 1,
  shape: 'spread',
  recordTime: 'kafka',
} as const satisfies Partial<TrafficOptions>;

export interface TrafficRecord {
  key: string | null;
  /** One line of text: JSON, unless malformed. */
  value: string;
  timestampMs?: number;
  kind: 'regular' | 'late' | 'malformed' | 'duplicate';
}

const RECENT = 64;

/**
 * Made-up but realistic web traffic for the hits and sessions pipelines: about 320 bytes an event, 560 user agents, 630 referrers (40 %
 * of events have none), skewed popularity, 1,750 client addresses of which all move on every 10,000 events, 70 % logged out, the others
 * one of 5,000 users. In 1,000,000 events that makes about 440,000 (user_id, ip) and nearly every referrer in every 15,000 events.
 */
export function* generateTraffic(options: TrafficOptions): Generator<TrafficRecord, void, undefined> {
  const { time, disorderMs, key, recordTime } = options;
  const random = seededRandom(options.seed);
  const makeEvent = eventMaker(random, options);
  const recent: TrafficRecord[] = [];
  let regular = 0;
  for (let index = 0; index < options.events; index++) {
    const kind = kindOf(random.share(), options);
    if (kind === 'duplicate' && recent.length > 0) {
      yield { ...recent[random.below(recent.length)]!, kind };
      continue;
    }
    const placeMs = 'now' in time ? time.now() : time.startMs + Math.floor((index * 1000) / time.perSecond);
    const timeMs = placeMs - random.below(disorderMs + 1) - (kind === 'late' ? options.latenessMs : 0);
    const parts = makeEvent(index, timeMs);
    const record: TrafficRecord = {
      key: key === 'ip' ? parts.ip.slice(1, -1) : null,
      value: kind === 'malformed' ? malformedValue(parts, random) : eventJson(parts),
      ...(recordTime === 'event' ? { timestampMs: timeMs } : {}),
      kind: kind === 'duplicate' ? 'regular' : kind, // there is nothing yet to repeat
    };
    if (record.kind === 'regular') recent[regular++ % RECENT] = record;
    yield record;
  }
}

/** Splits 0 to 1 into the shares that were asked for. */
function kindOf(lot: number, { late, malformed, duplicates }: TrafficOptions): TrafficRecord['kind'] {
  if (lot < late) return 'late';
  if (lot < late + malformed) return 'malformed';
  return lot < late + malformed + duplicates ? 'duplicate' : 'regular';
}
