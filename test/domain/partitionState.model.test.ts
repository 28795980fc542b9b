/**
 * One partition under crashes, zombies and a quiet clock: random scenarios against a record-by-record reference (docs/semantics.md, the
 * promise: results are a function of the log, whatever happens to the runs).
 */
import { expect, test } from 'vitest';
import type { Random } from '../../src/cli/generate/random.js';
import type { Job } from '../../src/pipelines/job.js';
import { testJob } from '../support/job.js';
import { PartitionModel } from '../support/partitionModel.js';
import { ProgressTable } from '../support/progressTable.js';
import { referenceHits, type ModelRecord } from '../support/referenceHits.js';
import { hunt, pick } from '../support/scenarios.js';

type Step =
  | { do: 'record'; record: ModelRecord }
  /** `advanceMs`: an empty fetch moved the watermark so far before the records came. */
  | { do: 'poll' | 'lostPoll'; most: number; advanceMs: number }
  /** Wall clock. */
  | { do: 'tick'; ms: number }
  | { do: 'continueAsNew' | 'timeOut' | 'terminate' | 'zombieClaim' }
  | { do: 'zombieCommit'; nth: number }
  /** The answer of the next commit is lost; it may find another owner when it tries again. */
  | { do: 'loseAnswer'; fenced: boolean };

const FAULTS = [
  'continueAsNew',
  'timeOut',
  'terminate',
  'zombieClaim',
  'zombieCommit',
  'loseAnswer',
  'lostPoll',
] as const;

test('rows, rejects and counters are those of an uninterrupted run, whatever happens to the runs', () => {
  hunt<Job, Step>({ count: 10_000, make: (random) => scenario(random, FAULTS), play });
});

test('the same where the clock moves often and runs are terminated or timed out often', () => {
  const focus = ['timeOut', 'continueAsNew', 'terminate', 'lostPoll'] as const;
  hunt<Job, Step>({ count: 5000, make: (random) => scenario(random, [...focus, ...focus]), play });
});

test('without faults the reference agrees as well', () => {
  hunt<Job, Step>({ count: 500, make: (random) => scenario(random, []), play });
});

test('a scenario in which everything happens', () => {
  const ok = (time: number, host: string): Step => ({
    do: 'record',
    record: { time, timestampMs: null, host, reason: null },
  });
  const job = testJob({ sizeMs: 10, slideMs: 5, delayMs: 0 });
  const steps: Step[] = [
    ok(1, 'A'),
    ok(12, 'A'),
    { do: 'poll', most: 9, advanceMs: 0 },
    { do: 'continueAsNew' },
    { do: 'record', record: { time: 0, timestampMs: null, host: null, reason: 'bad_json' } },
    ok(4, 'B'),
    { do: 'loseAnswer', fenced: true },
    { do: 'poll', most: 9, advanceMs: 3 },
    { do: 'zombieClaim' },
    ok(26, 'A'),
    { do: 'poll', most: 9, advanceMs: 0 },
    { do: 'timeOut' },
    { do: 'zombieCommit', nth: 0 },
    { do: 'terminate' },
  ];
  expect(play(job, steps)).toBeNull();
});

function scenario(random: Random, faults: readonly Step['do'][]): { setting: Job; steps: Step[] } {
  const setting = testJob({
    sizeMs: 10,
    slideMs: pick(random, [10, 10, 5, 3, 15]),
    offsetMs: pick(random, [0, 0, -3, 7]),
    delayMs: pick(random, [0, 5]),
    futureGuardMs: 20,
  });
  let base = pick(random, [0, -40]);
  const often = ['record', 'record', 'record', 'poll', 'poll', 'tick'] as const;
  const kinds: Step['do'][] = [...often, ...often, ...faults];
  const steps = Array.from({ length: 3 + random.below(30) }, (): Step => {
    const kind = pick(random, kinds);
    switch (kind) {
      case 'record': {
        base += pick(random, [0, 0, 1, 3, 8]);
        const time = base - pick(random, [0, 0, 2, 5, 9, 14]);
        const timestampMs = pick(random, [null, time, time - 20, time - 21]);
        const reason = random.below(12) === 0 ? 'bad_json' : null;
        return { do: 'record', record: { time, timestampMs, host: pick(random, ['A', 'B', null]), reason } };
      }
      case 'poll':
      case 'lostPoll':
        return { do: kind, most: random.below(6), advanceMs: pick(random, [0, 0, 1, 4, 9, 15]) };
      case 'tick':
        return { do: 'tick', ms: pick(random, [1, 999, 1000]) };
      case 'zombieCommit':
        return { do: kind, nth: random.below(20) };
      case 'loseAnswer':
        return { do: kind, fenced: random.below(2) === 0 };
      case 'continueAsNew':
      case 'timeOut':
      case 'terminate':
      case 'zombieClaim':
        return { do: kind };
    }
  });
  return { setting, steps };
}

function play(job: Job, steps: readonly Step[]): string | null {
  const table = new ProgressTable();
  table.register(0);
  const model = new PartitionModel(job, 0, table);
  try {
    for (const step of steps) carryOut(model, step);
    finish(model, table);
  } catch (error) {
    return `stuck: ${String(error)}`;
  }
  if (table.broken.length > 0) return table.broken.join('; ');

  const expected = referenceHits(job, model.log, table.standing(0).allAdvances);
  const { read, accepted, late, rejected } = table.standing(0).counters;
  return (
    difference('rows', table.rows.get(0)!, expected.rows) ??
    difference('weir.rejected', table.rejected.get(0)!, expected.rejected) ??
    difference(
      'counters',
      Object.entries({ read, accepted, late, rejected }),
      Object.entries(expected.counters),
    )
  );
}

function carryOut(model: PartitionModel, step: Step): void {
  switch (step.do) {
    case 'record':
      model.log.push(step.record);
      break;
    case 'poll':
    case 'lostPoll': {
      const { watermark } = model.state;
      const advance = watermark === null || step.advanceMs === 0 ? null : watermark + step.advanceMs;
      model[step.do]({ most: step.most, advance });
      break;
    }
    case 'tick':
      model.now += step.ms;
      break;
    case 'zombieCommit':
      model.zombieCommit(step.nth);
      break;
    case 'loseAnswer':
      model.nextAnswer = step.fenced && model.fenced < 2 ? 'lost and fenced' : 'lost';
      break;
    case 'zombieClaim':
      if (model.fenced < 2) model.zombieClaim();
      break;
    case 'continueAsNew':
    case 'timeOut':
    case 'terminate':
      model[step.do]();
      break;
  }
}

/** A drain: everything is read and closed, in as many runs as it takes. */
function finish(model: PartitionModel, table: ProgressTable): void {
  const end = 1_000_000;
  for (let attempt = 0; attempt < 5; attempt++) {
    for (let polls = 0; model.state.offset < model.log.length; polls++) {
      if (polls > 100) throw new Error('polls do not reach the end of the log');
      model.poll({ most: 3 });
    }
    model.finish(end);
    if (table.standing(0).watermark === end) return;
  }
  throw new Error('a drain does not come to an end');
}

function difference<K, V>(what: string, found: Iterable<[K, V]>, wanted: Iterable<[K, V]>): string | null {
  const sorted = (entries: Iterable<[K, V]>) => [...entries].map((entry) => JSON.stringify(entry)).sort();
  const [is, should] = [sorted(found).join(' '), sorted(wanted).join(' ')];
  return is === should ? null : `${what}: ${is} instead of ${should}`;
}
