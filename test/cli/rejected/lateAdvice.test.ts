/** Late records: which replay of the job would take them in. */
import { describe, expect, it } from 'vitest';
import { delayFor, lateSentence } from '../../../src/cli/rejected/lateAdvice.js';
import { parseJobInput } from '../../../src/pipelines/jobInput.js';
import { pollSideOf } from '../../../src/pipelines/pollSide.js';

const T = Date.UTC(2026, 0, 1, 0, 2);
const JOBS = [
  ['hits', { pipeline: 'hits', size: '5m' }, Date.UTC(2026, 0, 1, 0, 5)],
  ['sessions', { pipeline: 'sessions', gap: '5m' }, T + 300_000],
  ['clicks', { pipeline: 'clicks' }, T],
] as const;

describe.each(JOBS)('the delay that would have admitted a late record of %s', (_, input, end) => {
  const job = parseJobInput(input, null);
  const side = pollSideOf(job, {
    readAgent: () => ({ browser: null, os: null, device: null, isBot: false }),
  });

  it('is the smallest by which its own span ends behind the watermark', () => {
    const watermark = end + 600_000;
    const delayMs = delayFor({ recordTime: null, watermark }, { time: T, job, side })!;
    const watermarkWith = (delay: number): number => watermark + job.delayMs - delay;
    expect(side.isLate(T, watermarkWith(delayMs))).toBe(false);
    expect(side.isLate(T, watermarkWith(delayMs - 1))).toBe(true);
  });

  it('is not more than what its time stamp allows for', () => {
    const far = { recordTime: end + 60_000, watermark: end + 86_400_000 };
    expect(delayFor(far, { time: T, job, side })).toBe(60_000 + job.futureGuardMs + 1);
  });

  it('is larger than the delay that it was late with', () => {
    expect(delayFor({ recordTime: null, watermark: end - 1 }, { time: T, job, side })).toBe(job.delayMs + 1);
  });

  it('is not known where nothing says how late it was', () => {
    expect(delayFor({ recordTime: null, watermark: null }, { time: T, job, side })).toBeNull();
  });
});

describe('what is said of late records', () => {
  const found = { job: 'hits', records: 2, undated: 0, earliest: T, delayMs: 61_001 };

  it('is the replay that begins before the earliest, with a delay in whole seconds', () => {
    expect(lateSentence(found)).toBe(
      '2 late records of hits are not sent: they would be late again. A replay of the job with a larger delay takes late ' +
        'records in:\n  weir replay --job hits --from 2026-01-01T00:01:59.000Z --delay 62s',
    );
  });

  it('is what is known, where that is less', () => {
    expect(lateSentence({ ...found, records: 1, delayMs: null })).toContain(
      '1 late record of hits is not sent: it would be late again. A replay of the job with a larger delay takes late records ' +
        'in, with a D that is larger than the delay of now:\n  weir replay --job hits --from 2026-01-01T00:01:59.000Z --delay D',
    );
    expect(lateSentence({ ...found, undated: 1 })).toContain(
      '(1 of them could not be read, and may be earlier.)',
    );
    expect(lateSentence({ ...found, undated: 2, earliest: null })).not.toContain('weir replay --job');
  });

  it('can be pasted into a shell', () => {
    expect(lateSentence({ ...found, job: "it's $HOME" })).toContain(`--job 'it'\\''s $HOME' --from`);
  });
});
