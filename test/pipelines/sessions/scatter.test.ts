import { describe, expect, it } from 'vitest';
import { encodeMessage, decodeMessage } from '../../../src/activities/regroupMessage.js';
import { seededRandom } from '../../../src/cli/generate/random.js';
import { CombinedSessions } from '../../../src/pipelines/sessions/combine.js';
import { fromColumns, withAgents } from '../../../src/pipelines/sessions/columns.js';
import { targetOf } from '../../../src/pipelines/regroup.js';
import { ScatteredSegments } from '../../../src/pipelines/sessions/scatter.js';

const GAP_MS = 1000;
const AGENT = { browser: 'Firefox', os: 'Linux', device: null, isBot: false };
const SEED = Date.now() % 1_000_000;

interface Visit {
  key: string;
  time: number;
  watermark?: number | null;
  host?: string;
}

function scattered(
  visits: readonly Visit[],
  { targets = 3, partBytes }: { targets?: number; partBytes?: number } = {},
) {
  const gathering = new ScatteredSegments(GAP_MS, targets, partBytes);
  visits.forEach(({ key, time, watermark = null, host = 'h' }, offset) =>
    gathering.take({ time, offset, watermark, item: { key, attributes: { userAgent: 'curl/8', host } } }),
  );
  return gathering.partial();
}

describe('the target of a key', () => {
  // FNV-1a's own test vectors: other numbers would send keys of running jobs elsewhere.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of "%s" is its FNV-1a hash, modulo the targets', (key, hash) => {
    expect([1, 3, 16, 1000].map((targets) => targetOf(key, targets))).toEqual(
      [1, 3, 16, 1000].map((targets) => hash % targets),
    );
  });

  it('of user and address never changes', () => {
    expect(['10.0.0.1', '10.0.0.1\0u1', '\0\0', 'é'].map((key) => targetOf(key, 8))).toEqual([5, 5, 5, 4]);
  });
});

describe('a batch, scattered', () => {
  it('has every key in its own target, records of a key combined', () => {
    const { targets, lastEnd } = scattered(
      Array.from({ length: 200 }, (_, i) => ({ key: `k${i % 20}`, time: 10_000 + i })),
    );
    const found = targets.map((parts) => parts.flatMap(({ segments }) => [...fromColumns(segments)]));
    found.forEach((segments, target) => {
      for (const { key } of segments) expect(targetOf(key, 3)).toBe(target);
    });
    expect(found.flat()).toHaveLength(20);
    expect(found.flat().reduce((sum, { count }) => sum + count, 0)).toBe(200);
    expect(lastEnd).toBe(10_199 + GAP_MS);
  });

  it('keeps apart what is at or before the watermark that it met, exactly', () => {
    const { targets } = scattered(
      [
        { key: 'a', time: 50, watermark: 50 },
        { key: 'a', time: 51, watermark: 50 },
      ],
      { targets: 1 },
    );
    const [{ segments, suspects, met }] = targets[0]! as [(typeof targets)[0][0]];
    expect([segments.keys, suspects.keys, met]).toEqual([['a'], ['a'], [50]]);
  });

  it('has nothing for a target that no key belongs to', () => {
    expect(
      scattered([{ key: 'a', time: 1 }], { targets: 64 }).targets.filter((parts) => parts.length > 0),
    ).toHaveLength(1);
  });

  it(`gives messages below the broker's limit, whatever is in it (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const text = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(33 + random.below(90))).join('');
    const visits = Array.from({ length: 4000 }, (_, i) => ({ key: text(200), time: i, host: text(200) }));
    const { targets } = scattered(visits, { targets: 1 });
    expect(targets[0]!.length).toBeGreaterThan(2);
    for (const content of targets[0]!) {
      const complete = {
        ...content,
        segments: withAgents(content.segments, () => AGENT),
        suspects: withAgents(content.suspects, () => AGENT),
      };
      const head = { source: 1, number: 2, part: 0, parts: 3, from: 7, to: 4007, watermark: 5 };
      const message = { ...head, content: complete };
      const bytes = encodeMessage(message);
      expect(bytes.length).toBeLessThan(1_000_000);
      expect(decodeMessage(bytes)).toEqual(message);
    }
  });

  it('is cut into the same parts when the same records are read again', () => {
    const visits = Array.from({ length: 300 }, (_, i) => ({
      key: `k${(i * 7) % 90}`,
      time: i * 40,
      watermark: i * 39 - 400,
    }));
    const again = () => JSON.stringify(scattered(visits, { partBytes: 300 }));
    expect(again()).toBe(again());
  });

  it('comes together again, part by part', () => {
    const visits = Array.from({ length: 300 }, (_, i) => ({ key: `k${i % 90}`, time: 5000 + i }));
    const parts = scattered(visits, { targets: 1, partBytes: 300 }).targets[0]!;
    const combined = new CombinedSessions(GAP_MS, [[4, 0, -1, null]]);
    parts.forEach((content, part) => {
      const agents = (columns: (typeof content)['segments']) => withAgents(columns, () => AGENT);
      const head = { source: 4, number: 1, part, parts: parts.length, from: 0, to: 300, watermark: 7 };
      combined.take(head, 100 + part, {
        ...content,
        segments: agents(content.segments),
        suspects: agents(content.suspects),
      });
    });
    const { segments, sources } = combined.partial();
    const found = [...fromColumns(segments)];
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(found[0]).toMatchObject({ key: 'k0', offset: 100, source: 4, at: 0 });
    expect(sources).toEqual([[4, 1, parts.length - 1, 7, null]]);
  });

  it('counts hosts, whatever clients send, into the size of a batch, each once', () => {
    const sizeOf = (hosts: readonly string[]) => {
      const visits = hosts.map((host, i) => ({ key: `k${i}`, time: 5000, host }));
      const combined = new CombinedSessions(GAP_MS, [[4, 0, -1, null]]);
      const [content] = scattered(visits, { targets: 1 }).targets[0]!;
      const { segments, suspects } = content!;
      const agents = {
        segments: withAgents(segments, () => AGENT),
        suspects: withAgents(suspects, () => AGENT),
      };
      const head = { source: 4, number: 1, part: 0, parts: 1, from: 0, to: 2, watermark: 7 };
      combined.take(head, 100, {
        ...content!,
        ...agents,
      });
      return combined.sizeBytes;
    };
    const long = (end: string) => 'h'.repeat(10_000) + end;
    expect(sizeOf([long('a'), long('b')])).toBe(sizeOf(['a', 'b']) + 20_000);
    expect(sizeOf([long('a'), long('a')])).toBe(sizeOf(['a', 'a']) + 10_000);
  });
});
