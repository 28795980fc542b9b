import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateTraffic, PLAIN_TRAFFIC, type TrafficOptions } from '../../../src/cli/generate/traffic.js';
import { decodeClick } from '../../../src/pipelines/clicks/event.js';
import { parseObject } from '../../../src/pipelines/jsonEvent.js';

const START_MS = Date.UTC(2026, 0, 1);

function traffic(options: Partial<TrafficOptions> & { events: number }) {
  const time = { startMs: START_MS, perSecond: 50 };
  return [...generateTraffic({ ...PLAIN_TRAFFIC, what: 'clicks', key: 'user', time, ...options })];
}

const decoded = (value: string) => decodeClick(parseObject(value), () => null);

describe('made-up clicks', () => {
  it('are the same bytes of the same seed, in every version', () => {
    const hash = createHash('sha256');
    for (const { key, value } of traffic({
      events: 5000,
      late: 0.1,
      malformed: 0.1,
      duplicates: 0.1,
      seed: 7,
    }))
      hash.update(`${key ?? ''} ${value}\n`);
    expect(hash.digest('hex')).toMatchInlineSnapshot(
      `"3e2d08fc9833127a3854cb1bfa4eccb5dd105559430634122627a29da48ee02e"`,
    );
  });

  it('are of users who come back, on many pages, from many countries; some of nobody, some without key', () => {
    const clicks = traffic({ events: 50_000 }).map(({ value }) => decoded(value));
    const items = clicks.flatMap((click) => (click.reason === null ? [click.item] : []));
    expect(items).toHaveLength(50_000);
    const distinct = (field: 'user' | 'url' | 'country' | 'key') =>
      new Set(items.map((item) => item[field])).size;
    const without = (field: 'user' | 'key' | 'country') =>
      items.filter((item) => item[field] === null).length / 50_000;
    expect(distinct('user')).toBeGreaterThan(5000);
    expect(distinct('url')).toBeGreaterThan(1000);
    expect(distinct('country')).toBe(31);
    expect(distinct('key')).toBeGreaterThan(48_000);
    for (const field of ['user', 'key'] as const) expect(without(field)).toBeCloseTo(0.03, 1);
    expect(without('country')).toBeGreaterThan(0);
  });

  it('are keyed by user, else by event key', () => {
    for (const { key, value } of traffic({ events: 1000 })) {
      const event = JSON.parse(value) as { key: string | null; click_data: { user_id: string | null } };
      expect(key).toBe(event.click_data.user_id ?? event.key);
    }
    for (const { key } of traffic({ events: 100, key: 'none' })) expect(key).toBeNull();
  });

  it('are rejected where they are malformed, for every reason but the clock', () => {
    const records = traffic({ events: 5000, malformed: 0.2 });
    const reasons = new Set(
      records.filter(({ kind }) => kind === 'malformed').map(({ value }) => decoded(value).reason),
    );
    expect(reasons).toEqual(new Set(['bad_field: key', 'bad_field: url', 'bad_json', 'bad_time', 'empty']));
    for (const { kind, value } of records) if (kind !== 'malformed') expect(decoded(value).reason).toBeNull();
  });
});
