import { expect, test } from 'vitest';
import { seededRandom, type Random } from '../../src/cli/generate/random.js';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import type { Progress } from '../../src/domain/commit.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import { operatorOf } from '../../src/pipelines/operators.js';
import type { BatchRecord } from '../support/kafkaBatch.js';
import { testJob } from '../support/job.js';
import { hit, pollWorld } from '../support/pollWorld.js';
import { pick, testSeed } from '../support/scenarios.js';

test('the same log in random batch cuts gives the same rows, rejects and counters as in one batch', async () => {
  const random = seededRandom(testSeed());
  for (const slideMs of [1000, 300, 1700]) {
    const log = records(random, 200);
    const whole = await results(log, { slideMs, cut: () => 100_000 });
    expect(whole.counters.read).toBe(200);
    expect(whole.counters.late).toBeGreaterThan(0);
    for (let i = 0; i < 17; i++) {
      const cut = pick(random, [() => 1, () => 1 + random.below(5), () => 1 + random.below(200)]);
      expect(await results(log, { slideMs, cut })).toEqual(whole);
    }
  }
});

function records(random: Random, count: number): BatchRecord[] {
  let base = 1_000_000;
  return Array.from({ length: count }, () => {
    base += random.below(60);
    if (random.below(30) === 0) return { value: 'no json' };
    return hit(base - random.below(3000), {
      host: pick(random, ['a', 'b']),
      referrer: pick(random, ['x', 'ÿ']),
    });
  });
}

async function results(log: BatchRecord[], { slideMs, cut }: { slideMs: number; cut: () => number }) {
  const job = testJob({ sizeMs: 1000, slideMs, delayMs: 500, lingerMs: 0 });
  const world = pollWorld({}, 2_000_000);
  world.log.append(...log);
  const state = PartitionState.rebuilding(operatorOf(job), NOTHING_YET);
  while (state.offset < log.length) {
    const { offset, watermark } = state;
    state.merge(await world.poll({ job: { ...job, maxBatchEvents: cut() }, offset, watermark }));
  }
  const open = state.openUntil();
  state.finish(open);
  const { rows, rejects, counters, rebuildFrom, advances } = state.commit();
  return {
    rows: rows.map((row) => JSON.stringify(row)).sort(),
    rejects,
    counters,
    rebuildFrom,
    advances,
    open,
  };
}

const NOTHING_YET: Progress = {
  number: 0,
  offset: 0,
  watermark: null,
  rebuildFrom: 0,
  advances: [],
  endsUntil: null,
  counters: NO_RECORDS,
};
