/**
 * One partition under crashes, zombies and a quiet clock: random scenarios against a record-by-record reference (docs/semantics.md, the
 * promise: results are a function of the log, whatever happens to the runs).
 */
import { expect, test } from 'vitest';
import type { Random } from '../../src/cli/generate/random.js';
import type { HitsJob } from '../../src/pipelines/job.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';
import { clickItemOf, clickRulesOf, countedClicks, modelClicks } from '../support/clickModel.js';
import { difference } from '../support/difference.js';
import { testJob } from '../support/job.js';
import { hitOf, PartitionModel, type ModelOptions } from '../support/partitionModel.js';
import { countedHit, ProgressTable } from '../support/progressTable.js';
import { referenceHits, referenceSessions, type ModelRecord } from '../support/reference.js';
import { referenceClicks } from '../support/referenceClicks.js';
import { hunt, pick } from '../support/scenarios.js';
import { countedSession, modelSessions, visitOf } from '../support/sessionModel.js';

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

interface Setting {
  spans: 'windows' | 'sessions' | 'clicks';
  job: HitsJob;
}

test('rows, rejects and counters are those of an uninterrupted run, whatever happens to the runs', () => {
  hunt<Setting, Step>({ count: 10_000, make: (random) => scenario(random, FAULTS), play });
});

test('the same where the clock moves often and runs are timed out or lost often', () => {
  const focus = ['timeOut', 'continueAsNew', 'terminate', 'lostPoll', 'poll'] as const;
  hunt<Setting, Step>({ count: 5000, make: (random) => scenario(random, [...focus, ...focus]), play });
});

test('without faults the reference agrees as well', () => {
  hunt<Setting, Step>({ count: 500, make: (random) => scenario(random, []), play });
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
  expect(play({ spans: 'windows', job }, steps)).toBeNull();
});

function scenario(random: Random, faults: readonly Step['do'][]): { setting: Setting; steps: Step[] } {
  const job = testJob({
    sizeMs: 10,
    slideMs: pick(random, [10, 10, 5, 3, 15]),
    offsetMs: pick(random, [0, 0, -3, 7]),
    delayMs: pick(random, [0, 5]),
    futureGuardMs: 20,
  });
  const often = ['record', 'record', 'record', 'poll', 'poll', 'tick'] as const;
  const kinds: Step['do'][] = [...often, ...often, ...faults];
  const eventTime = { latest: pick(random, [0, -40]) };
  const steps = Array.from({ length: 3 + random.below(30) }, () =>
    randomStep(random, pick(random, kinds), eventTime),
  );
  return { setting: { spans: pick(random, ['windows', 'sessions', 'clicks', 'clicks']), job }, steps };
}

function randomStep(random: Random, kind: Step['do'], eventTime: { latest: number }): Step {
  switch (kind) {
    case 'record': {
      eventTime.latest += pick(random, [0, 0, 1, 3, 8]);
      const time = eventTime.latest - pick(random, [0, 0, 2, 5, 9, 14]);
      const timestampMs = pick(random, [null, time, time - 20, time - 21]);
      const reason = random.below(12) === 0 ? 'bad_json' : null;
      const host = pick(random, ['A', 'B', null]);
      // Two addresses, with somebody logged in or not; attributes change from record to record.
      const visitor = { user: pick(random, [null, null, 'u']), ip: pick(random, ['1', '1', null]) };
      const agent = pick(random, ['X', 'Y', null]);
      return { do: kind, record: { time, timestampMs, host, reason, ...visitor, agent } };
    }
    case 'poll':
    case 'lostPoll':
      return { do: kind, most: random.below(6), advanceMs: pick(random, [0, 0, 1, 4, 9, 15]) };
    case 'tick':
      return { do: kind, ms: pick(random, [1, 999, 1000]) };
    case 'zombieCommit':
      return { do: kind, nth: random.below(20) };
    case 'loseAnswer':
      return { do: kind, fenced: random.below(2) === 0 };
    case 'continueAsNew':
    case 'timeOut':
    case 'terminate':
    case 'zombieClaim':
      break;
  }
  return { do: kind };
}

/** Carries out the steps and a drain; then compares with the reference. */
function play({ spans, job }: Setting, steps: readonly Step[]): string | null {
  const log: ModelRecord[] = [];
  if (spans === 'windows') {
    const table = new ProgressTable(countedHit);
    const options = { job, partition: 0, table, log, operator: hitsOperator(job), itemOf: hitOf };
    return played(options, steps, referenceHits);
  }
  if (spans === 'clicks') {
    const table = new ProgressTable(countedClicks(clickRulesOf(job)));
    const operator = modelClicks(clickRulesOf(job));
    return played({ job, partition: 0, table, log, operator, itemOf: clickItemOf }, steps, referenceClicks);
  }
  const table = new ProgressTable(countedSession(job.sizeMs));
  const operator = modelSessions(job.sizeMs);
  return played({ job, partition: 0, table, log, operator, itemOf: visitOf }, steps, referenceSessions);
}

function played<P, I, R>(
  options: Omit<ModelOptions<P, I, R>, 'table'> & { job: HitsJob; table: ProgressTable<R> },
  steps: readonly Step[],
  reference: typeof referenceHits,
): string | null {
  const { table, job, log } = options;
  table.register(0);
  try {
    playAll(new PartitionModel(options), table, steps);
  } catch (error) {
    return `stuck: ${String(error)}`;
  }
  if (table.broken.length > 0) return table.broken.join('; ');

  const expected = reference(job, log, table.standing(0).allAdvances);
  const { read, accepted, duplicate, late, rejected } = table.standing(0).counters;
  return (
    difference('rows', table.rows.get(0)!, expected.rows) ??
    difference('weir.rejected', table.rejected.get(0)!, expected.rejected) ??
    difference(
      'counters',
      Object.entries({ read, accepted, duplicate, late, rejected }),
      Object.entries(expected.counters),
    )
  );
}

function playAll<P, I, R>(
  model: PartitionModel<P, I, R>,
  table: ProgressTable<R>,
  steps: readonly Step[],
): void {
  for (const step of steps) carryOut(model, step);
  finish(model, table);
}

function carryOut<P, I, R>(model: PartitionModel<P, I, R>, step: Step): void {
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
      model.nextAnswer = step.fenced ? 'lost and fenced' : 'lost';
      break;
    case 'continueAsNew':
    case 'timeOut':
    case 'terminate':
    case 'zombieClaim':
      model[step.do]();
      break;
  }
}

/** A drain: everything is read and closed, in as many runs as it takes. */
function finish<P, I, R>(model: PartitionModel<P, I, R>, table: ProgressTable<R>): void {
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
