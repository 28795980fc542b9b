import { describe, expect, test } from 'vitest';
import type { Click, ClickRules } from '../../../src/domain/clicks.js';
import { eachClick, factsOf } from '../../../src/pipelines/clicks/columns.js';
import { clicksOperator, packClicks, type ClickItem } from '../../../src/pipelines/clicks/operator.js';
import { keyHash } from '../../../src/pipelines/clicks/event.js';

const RULES: ClickRules = { sizeMs: 100, gapMs: 30, dedupeWithinMs: 10 };
const operator = clicksOperator(RULES);
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function item(more: Partial<ClickItem> = {}): ClickItem {
  return { key: null, user: 'u', url: '/', country: 'US', ...more };
}

function gathered(clicks: readonly [time: number, offset: number, more?: Partial<ClickItem>][]) {
  const gathering = operator.gather();
  for (const [time, offset, more] of clicks)
    gathering.take({ time, offset, item: item(more), watermark: null });
  return { partial: asJson(gathering.partial()), sizeBytes: gathering.sizeBytes };
}

describe('late', () => {
  test('is a click at the watermark, exactly; one a millisecond after it is not', () => {
    expect(operator.isLate(100, 100)).toBe(true);
    expect(operator.isLate(101, 100)).toBe(false);
  });
});

describe('possible ends', () => {
  test('are bucket ends + gap', () => {
    expect([-71, -70, 0, 29, 30, 129, 130].map((watermark) => operator.nextPossibleEnd(watermark))).toEqual([
      -70, 30, 30, 30, 130, 130, 230,
    ]);
  });
});

describe('a partial', () => {
  const clicks: [number, number, Partial<ClickItem>][] = [
    [105, 7, { key: keyHash('a') }],
    [-3, 9, { user: null, url: null, country: null }],
    [253_402_300_799_999, 12, { key: keyHash('b'), url: 'ü\n"', user: '' }],
    [105, 13, { key: keyHash('a'), user: 'null', country: '' }],
  ];
  test('gives the clicks back as they came', () => {
    const { partial } = gathered(clicks);
    const found: Click[] = [];
    eachClick(partial.clicks, (click) => found.push(click));
    expect(found).toEqual(
      clicks.map(([time, offset, more]) => ({ time, offset, source: 0, at: offset, ...item(more) })),
    );
  });
  test('is about as long as it says, and never much longer', () => {
    const many = Array.from({ length: 2000 }, (_, i): [number, number, Partial<ClickItem>] => [
      1_767_225_600_000 + ((i * 7919) % 45_000),
      i,
      {
        key: keyHash(String(i)),
        user: `u${i % 700}`,
        url: `https://www.example.com/page/${i % 300}`,
        country: 'US',
      },
    ]);
    const { partial, sizeBytes } = gathered(many);
    const length = JSON.stringify(partial).length;
    expect(length).toBeLessThan(sizeBytes * 1.1);
    expect(length).toBeGreaterThan(sizeBytes * 0.5);
  });
});

describe('a state', () => {
  test('gives the same one again from its snapshot: held clicks, copies, last clicks, facts, first offsets', () => {
    const state = operator.open();
    state.merge(
      gathered([
        [90, 3, { key: keyHash('a') }],
        [99, 4, { user: 'v', url: null, country: null }],
        [99, 5, { user: null }],
        [105, 6, { key: keyHash('b') }],
      ]).partial,
    );
    state.close(99);
    const again = operator.open();
    again.merge(asJson(state.snapshot()));
    expect(again.snapshot()).toEqual(state.snapshot());
    const more = gathered([
      [100, 8, { key: keyHash('a') }],
      [129, 9, { user: 'v', url: '/next' }],
    ]).partial;
    for (const each of [state, again]) each.merge(more);
    expect([again.nextEnd(), again.lastEnd(), again.rebuildFrom(99)]).toEqual([130, 230, 3]);
    expect(again.close(230)).toEqual(state.close(230));
  });

  test('counts duplicates once', () => {
    const state = operator.open();
    state.merge(
      gathered([
        [90, 3, { key: keyHash('a') }],
        [95, 4, { key: keyHash('a') }],
      ]).partial,
    );
    expect(state.close(94).duplicates).toBe(0);
    expect(state.close(95).duplicates).toBe(1);
    expect(state.close(96).duplicates).toBe(0);
  });
});

test('packed rows hold everything', () => {
  const state = operator.open();
  state.merge(
    gathered([
      [5, 1],
      [25, 2, { user: 'v' }],
      [30, 3],
      [101, 4, { url: null, country: null, user: null }],
    ]).partial,
  );
  const { sizeMs, gapMs, facts } = asJson(packClicks(state.close(1000).rows, RULES));
  expect([sizeMs, gapMs]).toEqual([100, 30]);
  expect([...factsOf(facts)]).toEqual([
    {
      start: 0,
      url: '/',
      country: 'US',
      facts: { clicks: 3, samples: 1, timeSpentMs: 25, users: ['u', 'v'] },
    },
    { start: 100, url: null, country: null, facts: { clicks: 1, samples: 0, timeSpentMs: 0, users: [] } },
  ]);
});
