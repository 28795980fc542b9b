/** Click sequences (docs/semantics.md, clicks): every boundary exactly, and within. Size 100, gap 30, dedupeWithin 10. */
import { describe, expect, test } from 'vitest';
import type { Click, ClickRules } from '../../src/domain/clicks.js';
import { bucketOf, finalAt, firstNotFinal } from '../../src/domain/clicks.js';
import { OpenClicks } from '../../src/domain/openClicks.js';

const RULES: ClickRules = { sizeMs: 100, gapMs: 30, dedupeWithinMs: 10 };

function click(time: number, more: Partial<Click> = {}): Click {
  const offset = more.offset ?? time;
  return { time, offset, source: 0, at: offset, key: null, user: 'u', url: '/', country: 'US', ...more };
}

/** Facts as `<start> <url> <country>: <clicks>, <samples> of <time spent>, <users>`. */
function closed(open: OpenClicks, watermark = 1_000_000): string[] {
  return open
    .close(watermark)
    .final.map(
      ({ start, url, country, facts: { clicks, samples, timeSpentMs, users } }) =>
        `${start} ${url} ${country}: ${clicks}, ${samples} of ${timeSpentMs}, ${[...users].join('+')}`,
    );
}

function taken(clicks: readonly Click[], rules: Partial<ClickRules> = {}) {
  const open = new OpenClicks({ ...RULES, ...rules });
  for (const each of clicks) open.hold(each);
  const { duplicates, final } = open.close(1_000_000);
  const sum = (field: 'clicks' | 'samples' | 'timeSpentMs') =>
    final.reduce((total, { facts }) => total + facts[field], 0);
  return { duplicates, clicks: sum('clicks'), samples: sum('samples'), timeSpentMs: sum('timeSpentMs') };
}

describe('time spent', () => {
  test('is until the next click of the same user, when that is exactly the gap away', () => {
    expect(taken([click(0), click(30)])).toMatchObject({ clicks: 2, samples: 1, timeSpentMs: 30 });
  });
  test('is no sample when it is a millisecond more', () => {
    expect(taken([click(0), click(31)])).toMatchObject({ clicks: 2, samples: 0 });
  });
  test('may be 0: two clicks in the same millisecond', () => {
    expect(taken([click(7), click(7, { offset: 8 })])).toMatchObject({ samples: 1, timeSpentMs: 0 });
  });
  test('counts where the click was, on its URL and in its bucket', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(99, { url: '/a' }));
    open.hold(click(100, { url: '/b', country: null }));
    expect(closed(open)).toEqual(['0 /a US: 1, 1 of 1, u', '100 /b null: 1, 0 of 0, u']);
  });
  test('is not touched by the clicks of others, nor by those of nobody', () => {
    expect(taken([click(0), click(5, { user: 'v' }), click(6, { user: null }), click(20)])).toMatchObject({
      clicks: 4,
      samples: 1,
      timeSpentMs: 20,
    });
    expect(taken([click(0, { user: null }), click(1, { user: null })])).toMatchObject({ samples: 0 });
  });
  test('goes by the order of time, then of the log, not of arrival', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(20, { url: '/late', offset: 1 }));
    open.hold(click(10, { url: '/second', offset: 3 }));
    open.hold(click(10, { url: '/first', offset: 2 }));
    expect(closed(open)).toEqual([
      '0 /first US: 1, 1 of 0, u',
      '0 /second US: 1, 1 of 10, u',
      '0 /late US: 1, 0 of 0, u',
    ]);
  });
});

describe('a duplicate', () => {
  const copy = (time: number) => click(time, { key: 'k' });
  test('is a copy exactly dedupeWithin after the one before', () => {
    expect(taken([copy(0), copy(10)])).toMatchObject({ clicks: 1, duplicates: 1 });
  });
  test('is none a millisecond later', () => {
    expect(taken([copy(0), copy(11)])).toMatchObject({ clicks: 2, duplicates: 0 });
  });
  test('is measured from the copy before, which may be a duplicate itself', () => {
    expect(taken([copy(0), copy(9), copy(18), copy(28)])).toMatchObject({ clicks: 1, duplicates: 3 });
  });
  test('gives and ends no sample', () => {
    expect(taken([copy(0), copy(10), click(25)])).toMatchObject({ clicks: 2, samples: 1, timeSpentMs: 25 });
  });
  test('is the later one in time, wherever it stands in the log', () => {
    const open = new OpenClicks(RULES);
    open.hold({ ...copy(5), url: '/later', offset: 1 });
    open.hold({ ...copy(0), url: '/earlier', offset: 2 });
    expect(closed(open)).toEqual(['0 /earlier US: 1, 0 of 0, u']);
  });
  test('needs a key', () => {
    expect(taken([click(0), click(0, { offset: 1 })])).toMatchObject({ clicks: 2, duplicates: 0 });
  });
  test('is not looked for when dedupeWithin is 0', () => {
    expect(taken([copy(0), { ...copy(0), offset: 1 }], { dedupeWithinMs: 0 })).toMatchObject({ clicks: 2 });
  });
  test('is none of another key', () => {
    expect(taken([copy(0), click(0, { key: 'l', offset: 1 })])).toMatchObject({ clicks: 2 });
  });
});

describe('a bucket', () => {
  test('holds its start and not its end, also before 1970', () => {
    expect([0, 99, 100, -1, -100, -101].map((time) => bucketOf(time, RULES))).toEqual([
      0, 0, 100, -100, -100, -200,
    ]);
  });
  test('is final when end + gap is at the watermark, exactly, and not a millisecond before', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(99));
    expect(finalAt(0, RULES)).toBe(130);
    expect(closed(open, 129)).toEqual([]);
    expect([open.nextEnd(), open.lastEnd()]).toEqual([130, 130]);
    expect(closed(open, 130)).toEqual(['0 / US: 1, 0 of 0, u']);
    expect([open.nextEnd(), open.lastEnd()]).toEqual([null, null]);
  });
  test('takes a sample that ends after it, up to the gap', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(99));
    expect(closed(open, 128)).toEqual([]);
    open.hold(click(129));
    expect(closed(open, 130)).toEqual(['0 / US: 1, 1 of 30, u']);
  });
  test('is the first that is not final', () => {
    expect([129, 130, 229, 230].map((watermark) => firstNotFinal(watermark, RULES))).toEqual([
      0, 100, 100, 200,
    ]);
  });
  test('in which everything was a duplicate gives nothing', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(95, { key: 'k' }));
    open.hold(click(101, { key: 'k' }));
    expect(open.lastEnd()).toBe(230);
    expect(closed(open)).toHaveLength(1);
  });
});

describe('clicks are held until the watermark passes them', () => {
  test('one at the watermark is taken, one a millisecond later is not', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(10));
    open.hold(click(11));
    open.close(10);
    expect(open.held.map(({ time }) => time)).toEqual([11]);
  });
});

describe('nothing is kept for longer than it is needed', () => {
  test('a key is forgotten at t + dedupeWithin, exactly; that of a copy that came again later stays', () => {
    const open = new OpenClicks(RULES);
    open.hold(click(0, { key: 'k' }));
    open.hold(click(1, { key: 'l' }));
    open.hold(click(5, { key: 'k' }));
    open.close(5);
    expect([...open.sequence.copies]).toEqual([
      ['l', 1],
      ['k', 5],
    ]);
    open.close(10);
    expect(open.sequence.copies.size).toBe(2);
    open.close(11);
    expect([...open.sequence.copies.keys()]).toEqual(['k']);
    open.close(15);
    expect(open.sequence.copies.size).toBe(0);
  });

  test("a user's last click is forgotten at t + gap, exactly", () => {
    const open = new OpenClicks(RULES);
    open.hold(click(0, { user: 'u' }));
    open.hold(click(1, { user: 'v' }));
    open.hold(click(5, { user: 'u' }));
    open.close(30);
    expect([...open.sequence.last.keys()]).toEqual(['v', 'u']);
    open.close(31);
    expect([...open.sequence.last.keys()]).toEqual(['u']);
    open.close(35);
    expect(open.sequence.last.size).toBe(0);
  });

  test('reading again begins with what facts that are not final depend on, and that is all', () => {
    const open = new OpenClicks({ ...RULES, dedupeWithinMs: 100 });
    open.hold(click(50, { offset: 3 }));
    open.hold(click(150, { offset: 7 }));
    open.hold(click(250, { offset: 9 }));
    expect(open.firstOffset()).toBe(3);
    open.close(229); // bucket [100, 200) is the first that is not final; a copy at 0 may decide about one at 100
    expect(open.firstOffset()).toBe(3);
    open.close(230);
    expect(open.firstOffset()).toBe(7);
    open.close(330);
    expect(open.firstOffset()).toBe(9);
    open.close(429); // a copy in [200, 300) may still decide about a click at 300
    expect(open.firstOffset()).toBe(9);
    open.close(430);
    expect(open.firstOffset()).toBeNull();
  });
});
