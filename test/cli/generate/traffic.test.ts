import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateTraffic, PLAIN_TRAFFIC, type TrafficOptions } from '../../../src/cli/generate/traffic.js';
import { decodeHit } from '../../../src/pipelines/hits/event.js';
import { parseObject } from '../../../src/pipelines/jsonEvent.js';

const START_MS = Date.UTC(2026, 0, 1);

function traffic(options: Partial<TrafficOptions> & { events: number }) {
  return [...generateTraffic({ ...PLAIN_TRAFFIC, time: { startMs: START_MS, perSecond: 50 }, ...options })];
}

interface Event {
  url: string;
  referrer: string | null;
  user_agent: string | null;
  host: string;
  ip: string;
  event_time: string;
  user_id: string | null;
}
const eventOf = (value: string): Event => JSON.parse(value) as Event;
const timeOf = (value: string): number => Date.parse(eventOf(value).event_time);

describe('determinism', () => {
  const mixed = { events: 5_000, late: 0.1, malformed: 0.1, duplicates: 0.1, hosts: 3 };
  const digest = (seed: number): string => {
    const hash = createHash('sha256');
    for (const { key, value } of traffic({ ...mixed, seed })) hash.update(`${key ?? ''} ${value}\n`);
    return hash.digest('hex');
  };

  it('makes the same bytes of the same seed', () => {
    expect(digest(7)).toBe(digest(7));
  });

  it('makes the same bytes in every version, since tests and benchmarks count on them', () => {
    expect(digest(7)).toMatchInlineSnapshot(
      `"32ef6275c679e56d73e025c8dd88d80dba56b71b1607f9038c57bbefb235006d"`,
    );
  });

  it('makes other bytes of another seed, however near or far', () => {
    expect(new Set([0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map(digest)).size).toBe(6);
  });

  it('makes a longer run that begins with the shorter one', () => {
    expect(traffic({ ...mixed, events: 1_100 }).slice(0, 1_000)).toEqual(
      traffic({ ...mixed, events: 1_000 }),
    );
  });
});

describe('event time', () => {
  it('goes at the event rate, each event at most the disorder back from its place', () => {
    const backMs = traffic({ events: 20_000, disorderMs: 100 }).map(
      ({ value }, n) => START_MS + n * 20 - timeOf(value),
    );
    expect(Math.min(...backMs)).toBe(0);
    expect(Math.max(...backMs)).toBe(100);
  });

  it('is exact without disorder', () => {
    expect(traffic({ events: 3, disorderMs: 0 }).map(({ value }) => timeOf(value) - START_MS)).toEqual([
      0, 20, 40,
    ]);
  });

  it('follows a clock', () => {
    let nowMs = START_MS;
    const records = traffic({ events: 2, disorderMs: 0, time: { now: () => (nowMs += 5) } });
    expect(records.map(({ value }) => timeOf(value) - START_MS)).toEqual([5, 10]);
  });

  it('puts late events further back, by the lateness', () => {
    const options = { events: 1_000, disorderMs: 0, late: 0.5, latenessMs: 600_000 };
    for (const [n, { kind, value }] of traffic(options).entries()) {
      expect(timeOf(value)).toBe(START_MS + n * 20 - (kind === 'late' ? 600_000 : 0));
    }
  });

  it('stamps records only where that is asked for, with the event time', () => {
    expect(traffic({ events: 1 })[0]).not.toHaveProperty('timestampMs');
    for (const { timestampMs, value } of traffic({ events: 10, recordTime: 'event' })) {
      expect(timestampMs).toBe(timeOf(value));
    }
  });
});

describe('shares', () => {
  it.each(['late', 'malformed', 'duplicates'] as const)('makes none of 0 and all of 1: %s', (option) => {
    const kind = option === 'duplicates' ? 'duplicate' : option;
    const count = (share: number) =>
      traffic({ events: 500, [option]: share }).filter((record) => record.kind === kind).length;
    expect(count(0)).toBe(0);
    expect(count(1)).toBe(option === 'duplicates' ? 499 : 500); // the first has nothing to repeat
  });

  it('makes each share together with the others', () => {
    const kinds = traffic({ events: 20_000, late: 0.1, malformed: 0.2, duplicates: 0.3 }).map(
      ({ kind }) => kind,
    );
    const share = (kind: string) => kinds.filter((each) => each === kind).length / kinds.length;
    expect(share('late')).toBeCloseTo(0.1, 1);
    expect(share('malformed')).toBeCloseTo(0.2, 1);
    expect(share('duplicate')).toBeCloseTo(0.3, 1);
  });

  it('repeats a whole regular record of the last 64', () => {
    const records = traffic({
      events: 2_000,
      late: 0.1,
      malformed: 0.1,
      duplicates: 0.3,
      recordTime: 'event',
    });
    const regular: unknown[] = [];
    for (const { kind, ...record } of records) {
      if (kind === 'duplicate') expect(regular.slice(-64)).toContainEqual(record);
      if (kind === 'regular') regular.push(record);
    }
  });

  it('makes malformed values of every kind, each one line and rejected by the hits pipeline; others are accepted', () => {
    const reasons = new Set<string>();
    for (const { kind, value } of traffic({ events: 3_000, malformed: 0.3 })) {
      const { reason } = decodeHit(parseObject(value));
      expect(reason === null).toBe(kind !== 'malformed');
      expect(value).not.toMatch(/[\r\n]/);
      if (reason !== null) reasons.add(reason);
    }
    expect([...reasons].sort()).toEqual(['bad_field: referrer', 'bad_json', 'bad_time', 'empty']);
  });
});

describe('content', () => {
  it('is keyed by ip, or by nothing', () => {
    for (const { key, value } of traffic({ events: 100 })) expect(key).toBe(eventOf(value).ip);
    for (const { key } of traffic({ events: 100, key: 'none' })) expect(key).toBeNull();
  });

  it('has one host, or as many as asked for', () => {
    const hosts = (count: number) =>
      [...new Set(traffic({ events: 2_000, hosts: count }).map(({ value }) => eventOf(value).host))].sort();
    expect(hosts(1)).toEqual(['www.example.com']);
    expect(hosts(3)).toEqual(['site2.example.com', 'site3.example.com', 'www.example.com']);
  });

  it('is as large and as varied as it says (200,000 events)', () => {
    const agents = new Set<string | null>();
    const referrers = new Set<string | null>();
    const ofOneWindow = new Set<string | null>();
    const visitors = new Set<string>();
    let bytes = 0;
    let direct = 0;
    for (const [n, { value }] of traffic({ events: 200_000 }).entries()) {
      const event = eventOf(value);
      agents.add(event.user_agent);
      referrers.add(event.referrer);
      if (n < 15_000) ofOneWindow.add(event.referrer);
      visitors.add(`${event.user_id} ${event.ip}`);
      bytes += Buffer.byteLength(value);
      if (event.referrer === null) direct++;
    }
    expect(Math.abs(bytes / 200_000 - 320)).toBeLessThan(5);
    expect(Math.abs(agents.size - 560)).toBeLessThan(10);
    expect(referrers.size).toBe(630);
    expect(ofOneWindow.size).toBeGreaterThan(615);
    expect(direct / 200_000).toBeCloseTo(0.4, 2);
    expect(Math.abs(visitors.size / 200_000 - 0.46)).toBeLessThan(0.03);
  });
});
