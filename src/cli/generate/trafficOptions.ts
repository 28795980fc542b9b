import { PIPELINES } from '../../pipelines/jobInput.js';
import type { OptionReader } from '../options.js';
import { COUNTRIES } from './clicks.js';
import { PLAIN_TRAFFIC, type TrafficOptions } from './traffic.js';

/** The options of `weir generate` that say what traffic to make, as typed. */
export interface TrafficTexts {
  pipeline?: string;
  events?: string;
  rate?: string;
  eventRate?: string;
  start?: string;
  disorder?: string;
  late?: string;
  lateness?: string;
  malformed?: string;
  duplicates?: string;
  seed?: string;
  key?: string;
  hosts?: string;
  countries?: string;
  visits?: true;
  recordTime?: string;
}

/** `ratePerSecond` is the pace by the wall clock; undefined: as fast as possible. */
export interface TrafficPlan {
  traffic: TrafficOptions;
  ratePerSecond: number | undefined;
}

const EVENT_RATE = 50;
const MOST_HOSTS = 1_000;

/**
 * What traffic the options ask for, and how fast. Mistakes go to `read`; the plan counts only if there are none.
 *
 * Event time: with a pace and neither start nor event rate it is the wall clock. Otherwise it runs from the start at the event rate (the
 * pace, or else 50 a second); without a start, so that the last event is of now, since events of the future are rejected.
 *
 * @param nowMs the wall clock
 */
export function planTraffic(texts: TrafficTexts, read: OptionReader, nowMs: number): TrafficPlan {
  const events = read.integer('--events', texts.events) ?? Infinity;
  const ratePerSecond = read.ratePerSecond('--rate', texts.rate);
  const eventRate = read.ratePerSecond('--event-rate', texts.eventRate);
  const startMs = read.instantMs('--start', texts.start, nowMs);
  if (texts.events === undefined && texts.rate === undefined) {
    read.problem('--events (how many) or --rate (how many a second, without end) is missing');
  }

  const perSecond = eventRate ?? ratePerSecond ?? EVENT_RATE;
  const lengthMs = events === Infinity ? 0 : Math.ceil((events * 1000) / perSecond);
  const byTheClock =
    ratePerSecond !== undefined && texts.eventRate === undefined && texts.start === undefined;

  const clicks = read.oneOf('--pipeline', texts.pipeline, PIPELINES) === 'clicks';
  const keys = clicks ? (['user', 'none'] as const) : (['ip', 'none'] as const);
  for (const [name, given] of Object.entries({ '--hosts': texts.hosts, '--visits': texts.visits }))
    if (clicks && given !== undefined) read.problem(`${name}: clicks have no such thing`);
  const countries = read.integer('--countries', texts.countries) ?? COUNTRIES.length;
  if (countries > COUNTRIES.length) read.problem(`--countries ${countries}: at most ${COUNTRIES.length}`);
  if (!clicks && texts.countries !== undefined) read.problem('--countries: only clicks have one');
  const late = read.share('--late', texts.late) ?? PLAIN_TRAFFIC.late;
  const malformed = read.share('--malformed', texts.malformed) ?? PLAIN_TRAFFIC.malformed;
  const duplicates = read.share('--duplicates', texts.duplicates) ?? PLAIN_TRAFFIC.duplicates;
  if (late + malformed + duplicates > 1)
    read.problem('--late, --malformed and --duplicates: together more than 1');
  const hosts = read.integer('--hosts', texts.hosts) ?? PLAIN_TRAFFIC.hosts;
  if (hosts > MOST_HOSTS) read.problem(`--hosts ${hosts}: at most ${MOST_HOSTS}`);

  const traffic: TrafficOptions = {
    seed: read.integer('--seed', texts.seed, 0) ?? PLAIN_TRAFFIC.seed,
    events,
    time: byTheClock ? { now: () => Date.now() } : { startMs: startMs ?? nowMs - lengthMs, perSecond },
    disorderMs: read.durationMs('--disorder', texts.disorder) ?? PLAIN_TRAFFIC.disorderMs,
    late,
    latenessMs: read.durationMs('--lateness', texts.lateness) ?? PLAIN_TRAFFIC.latenessMs,
    malformed,
    duplicates,
    key: read.oneOf<'ip' | 'user' | 'none'>('--key', texts.key, keys) ?? keys[0],
    countries,
    what: clicks ? 'clicks' : PLAIN_TRAFFIC.what,
    hosts,
    shape: texts.visits === true ? 'visits' : PLAIN_TRAFFIC.shape,
    recordTime: read.oneOf('--record-time', texts.recordTime, ['kafka', 'event']) ?? PLAIN_TRAFFIC.recordTime,
  };
  return { traffic, ratePerSecond };
}
