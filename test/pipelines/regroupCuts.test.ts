/**
 * Where messages of a regrouping are cut into parts. A message that is published again, by a newer build too, has to have the parts that it
 * had: targets may have taken some of them. Where a change makes this red, running jobs have to be drained before it, or read anew.
 */
import { describe, expect, it } from 'vitest';
import { keyHash } from '../../src/pipelines/clicks/event.js';
import { ScatteredClicks } from '../../src/pipelines/clicks/regroup.js';
import { ScatteredSegments } from '../../src/pipelines/sessions/scatter.js';

const AGENTS = [
  'curl/8.5.0',
  null,
  { browser: 'Firefox', os: 'Linux', device: null },
  'Mozilla/5.0 (Gerät; ü)',
  { browser: 'Firefox', os: null, device: 'Other' },
];
const HOSTS = ['example.com', null, 'bücher.example', 'a.b.c.example.org'];

/** Keys of each part, by target: those of segments, and of suspects. */
function partsOfVisits(count: number, { targets, partBytes }: { targets: number; partBytes?: number }) {
  const gathering = new ScatteredSegments(1000, targets, partBytes);
  for (let i = 0; i < count; i++) {
    const key = `10.0.${i % 7}.${(i * 31) % 1009}\0${i % 3 === 0 ? 'jürgen' : `u${i % 11}`}`;
    const attributes = { userAgent: AGENTS[i % 5]!, host: HOSTS[(i * 7) % 4]! };
    // Every ninth is a suspect.
    gathering.take({
      time: i * 40,
      offset: i,
      watermark: i * 40 + (i % 9 === 0 ? 1 : -1),
      item: { key, attributes },
    });
  }
  const { targets: found } = gathering.partial();
  return found.map((parts) => parts.map(({ segments, suspects }) => [segments.keys, suspects.keys]));
}

/** How many clicks each part has, by target. */
function partsOfClicks(count: number, { targets, partBytes }: { targets: number; partBytes?: number }) {
  const rules = { sizeMs: 1000, gapMs: 100, dedupeWithinMs: 10 };
  const gathering = new ScatteredClicks({ rules, targets, source: 3, ...(partBytes ? { partBytes } : {}) });
  for (let i = 0; i < count; i++) {
    const item = {
      key: i % 4 === 0 ? null : keyHash(`k${i % 50}`),
      user: i % 6 === 0 ? null : `üser-${i % 13}`,
      url: i % 10 === 0 ? null : `/seite/${(i * 7) % 29}`,
      country: ['DE', 'Côte d’Ivoire', null][i % 3]!,
    };
    gathering.take({ time: i * 40, offset: i, watermark: null, item });
  }
  return gathering.partial().targets.map((parts) => parts.map(({ times }) => times.length));
}

const counts = (targets: string[][][][]) =>
  targets.map((parts) => parts.map((each) => each.map((keys) => keys.length)));

describe('parts are cut where they were', () => {
  it('of sessions', () => {
    const parts = partsOfVisits(120, { targets: 2, partBytes: 1000 });
    expect(counts(parts)).toEqual([
      [
        [11, 0],
        [10, 0],
        [11, 0],
        [13, 0],
        [8, 2],
        [0, 6],
      ],
      [
        [11, 0],
        [13, 0],
        [11, 0],
        [11, 0],
        [7, 3],
        [0, 3],
      ],
    ]);
    const firstKeys = parts.map((each) =>
      each.map(([segments, suspects]) => [...segments!, ...suspects!][0]!.replace('\0', ' ')),
    );
    expect(firstKeys).toEqual([
      [
        '10.0.4.124 u4',
        '10.0.3.744 jürgen',
        '10.0.6.479 jürgen',
        '10.0.4.59 u1',
        '10.0.0.228 jürgen',
        '10.0.4.558 jürgen',
      ],
      [
        '10.0.1.31 u1',
        '10.0.0.868 u6',
        '10.0.6.913 u7',
        '10.0.0.586 jürgen',
        '10.0.5.166 u4',
        '10.0.1.42 jürgen',
      ],
    ]);
  });

  it('of sessions, by the size that is in use', () => {
    expect(counts(partsOfVisits(30_000, { targets: 1 }))).toEqual([
      [
        [10_510, 0],
        [11_157, 0],
        [4999, 3334],
      ],
    ]);
  });

  it('of clicks', () => {
    expect(partsOfClicks(120, { targets: 2, partBytes: 1000 })).toEqual([
      [13, 13, 13, 13, 10],
      [12, 12, 12, 12, 10],
    ]);
  });

  it('of clicks, by the size that is in use', () => {
    expect(partsOfClicks(40_000, { targets: 1 })).toEqual([[15_751, 15_751, 8498]]);
  });
});
