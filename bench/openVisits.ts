import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../src/cli/generate/random.js';
import { ensureTopic } from '../src/io/kafka/createTopic.js';
import { openWriter, type OutgoingRecord } from '../src/io/kafka/writer.js';
import type { World } from './world.js';

/** Visits whose sessions are all open at the end. */
export interface OpenVisits {
  topic: string;
  visitors: number;
  /** Events so far. */
  events: number;
  /** Sends more events of the same visitors, at a steady pace; event time goes on with the clock. */
  goOn(eventsPerSecond: number): { stop(): Promise<void> };
}

interface Order {
  visitors: number;
  events: number;
  /** Event time from the first to the last of them. */
  spanMs: number;
}

const START = Date.UTC(2026, 0, 1);
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
];
const TICK_MS = 20;
const AT_ONCE = 20_000;

/** Fills a new topic of one partition: each visitor comes once, in order, and then any of them again. */
export async function fillTopic({ kafka, say }: World, order: Order): Promise<OpenVisits> {
  const { visitors, spanMs } = order;
  const topic = `bench-open-${Date.now()}`;
  const random = seededRandom(42);
  await ensureTopic(kafka, { topic, partitions: 1 });
  say(`making ${order.events} events of ${visitors} visitors in ${topic}`);
  const visit = (event: number, time: number): OutgoingRecord => {
    const visitor = event < visitors ? event : random.below(visitors);
    const ip = `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`;
    const user_id = visitor % 3 === 0 ? null : `user${visitor}`;
    const user_agent = AGENTS[visitor % AGENTS.length]!;
    const event_time = new Date(time).toISOString();
    const value = JSON.stringify({ user_id, ip, user_agent, host: 'www.example.com', url: '/a', event_time });
    return { key: ip, value };
  };
  const writer = await openWriter(kafka, topic);
  for (let from = 0; from < order.events; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, order.events - from);
    const at = (event: number): number => START + Math.floor((event * spanMs) / order.events);
    await writer.write(Array.from({ length: count }, (_, i) => visit(from + i, at(from + i))));
  }
  await writer.close();

  let clock = START + spanMs;
  const visits: OpenVisits = {
    topic,
    visitors,
    events: order.events,
    goOn(eventsPerSecond) {
      const stop = new AbortController();
      const done = (async () => {
        const more = await openWriter(kafka, topic);
        const began = performance.now();
        const from = clock;
        let sent = 0;
        while (!stop.signal.aborted) {
          const ms = Math.floor(performance.now() - began);
          const due = Math.floor((ms * eventsPerSecond) / 1000) - sent;
          clock = from + ms;
          await more.write(Array.from({ length: due }, (_, i) => visit(visits.events + i, clock)));
          sent += due;
          visits.events += due;
          await sleep(TICK_MS);
        }
        await more.close();
      })();
      return {
        stop() {
          stop.abort();
          return done;
        },
      };
    },
  };
  return visits;
}
