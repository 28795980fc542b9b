import type { KafkaConfig } from '../../io/kafka/config.js';
import { ensureTopic } from '../../io/kafka/createTopic.js';
import { sendTraffic } from '../generate/sendTraffic.js';
import { generateTraffic, PLAIN_TRAFFIC } from '../generate/traffic.js';
import { thenClosed, topicOutput } from '../output.js';

const EVENTS_PER_SECOND = 20;
const PARTITIONS = 4;
const HISTORY_MS = 30 * 60_000;
/** Now and then something goes wrong, so that there is something to see in weir.rejected. */
const SHARES = {
  late: 0.002,
  latenessMs: 10 * 60_000,
  malformed: 0.002,
  duplicates: 0.005,
  disorderMs: 20_000,
} as const;
/** Clicks are keyed by nothing, as most topics are: their jobs regroup them. */
const KINDS = {
  web: { shape: 'visits', key: 'ip' },
  clicks: { what: 'clicks', key: 'none' },
} as const;

export interface DemoTraffic {
  kafka: KafkaConfig;
  topic: string;
  kind: keyof typeof KINDS;
  stop: AbortSignal;
  note: (line: string) => void;
}

export async function makeTopic({ kafka, topic }: DemoTraffic): Promise<void> {
  await ensureTopic(kafka, { topic, partitions: PARTITIONS });
}

/** Sends half an hour of traffic up to now at once; nothing where it would be late, since `line` is already past it. */
export async function sendHistory(
  { kafka, topic, kind, stop, note }: DemoTraffic,
  line: number | null,
): Promise<number> {
  const now = Date.now();
  const startMs = Math.max(now - HISTORY_MS, line ?? 0);
  const events = Math.floor(((now - startMs) / 1000) * EVENTS_PER_SECOND);
  const output = await topicOutput({ kafka, topic, partitions: undefined, eventStamps: false, note });
  const records = generateTraffic({
    ...PLAIN_TRAFFIC,
    ...SHARES,
    ...KINDS[kind],
    seed: now,
    events,
    time: { startMs, perSecond: EVENTS_PER_SECOND },
  });
  await thenClosed(output, () =>
    sendTraffic({ records, output, ratePerSecond: undefined, stop, onProgress: () => {} }),
  );
  return events;
}

/** Goes on at a steady pace until it is stopped. */
export async function sendTrickle({ kafka, topic, kind, stop, note }: DemoTraffic): Promise<void> {
  const output = await topicOutput({ kafka, topic, partitions: undefined, eventStamps: false, note });
  const records = generateTraffic({
    ...PLAIN_TRAFFIC,
    ...SHARES,
    ...KINDS[kind],
    seed: Date.now() + 1,
    events: Infinity,
    time: { now: Date.now },
  });
  await thenClosed(output, () =>
    sendTraffic({ records, output, ratePerSecond: EVENTS_PER_SECOND, stop, onProgress: () => {} }),
  );
}
