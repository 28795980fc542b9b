/**
 * Hits over several partitions: what people are shown, with partitions that are empty, quiet, new or crash, and drains in between
 * (docs/semantics.md, the job's line and the quiet clock). After every step: the line never goes back, and what was shown stays.
 */
import { expect, test } from 'vitest';
import type { Random } from '../../src/cli/generate/random.js';
import { latest, type Instant } from '../../src/domain/instant.js';
import { afterEmptyFetch, caughtUpAt, wantsJobClock } from '../../src/domain/quietClock.js';
import type { HitCountsJson } from '../../src/pipelines/hits/counts.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';
import type { HitsJob } from '../../src/pipelines/job.js';
import { testJob } from '../support/job.js';
import { hitOf, PartitionModel } from '../support/partitionModel.js';
import { countedHit, ProgressTable } from '../support/progressTable.js';
import { referenceHits } from '../support/reference.js';
import { hunt, pick } from '../support/scenarios.js';

type PartitionStep =
  | { do: 'record'; at: number; time: number; host: string }
  | { do: 'poll' | 'lostPoll'; at: number; most: number }
  | { do: 'continueAsNew' | 'timeOut' | 'terminate'; at: number };

type Step = PartitionStep | { do: 'tick'; ms: number } | { do: 'newPartition' | 'drain' };

interface Setting {
  job: HitsJob;
  partitions: number;
  /** How the rest becomes final. */
  end: 'drain' | 'quiet clock';
}

const IDLE_AFTER_MS = 20;

test('the line never goes back, what was shown never changes, and nothing stays unseen', () => {
  hunt<Setting, Step>({ count: 3000, make: scenario, play });
});

test('a partition that stays empty does not hold the others for ever', () => {
  const setting: Setting = {
    job: testJob({ sizeMs: 10, slideMs: 10, delayMs: 0 }),
    partitions: 3,
    end: 'quiet clock',
  };
  const steps: Step[] = [
    { do: 'record', at: 0, time: 5, host: 'A' },
    { do: 'record', at: 1, time: 25, host: 'A' },
  ];
  expect(play(setting, steps)).toBeNull();
});

function scenario(random: Random): { setting: Setting; steps: Step[] } {
  const job = testJob({
    sizeMs: 10,
    slideMs: pick(random, [10, 10, 5, 15]),
    delayMs: pick(random, [0, 5]),
    idleAfterMs: IDLE_AFTER_MS,
  });
  const often = [
    'record',
    'record',
    'record',
    'record',
    'poll',
    'poll',
    'poll',
    'poll',
    'poll',
    'tick',
    'tick',
  ] as const;
  const seldom = ['newPartition', 'drain', 'continueAsNew', 'timeOut', 'terminate', 'lostPoll'] as const;
  const kinds: Step['do'][] = pick(random, [[...often], [...often, ...seldom]]);
  const eventTime = { latest: 0 };
  const steps = Array.from({ length: 2 + random.below(30) }, () =>
    randomStep(random, pick(random, kinds), eventTime),
  );
  const end = pick(random, ['drain', 'quiet clock'] as const);
  return { setting: { job, partitions: 1 + random.below(3), end }, steps };
}

function randomStep(random: Random, kind: Step['do'], eventTime: { latest: number }): Step {
  const at = random.below(4);
  switch (kind) {
    case 'record':
      eventTime.latest += pick(random, [0, 2, 6]);
      return {
        do: kind,
        at,
        time: eventTime.latest - pick(random, [0, 4, 12]),
        host: pick(random, ['A', 'B']),
      };
    case 'poll':
    case 'lostPoll':
      return { do: kind, at, most: 1 + random.below(4) };
    case 'tick':
      return { do: kind, ms: pick(random, [1, 10, 25]) };
    case 'newPartition':
    case 'drain':
      return { do: kind };
    case 'continueAsNew':
    case 'timeOut':
    case 'terminate':
      break;
  }
  return { do: kind, at };
}

function play({ job, partitions, end }: Setting, steps: readonly Step[]): string | null {
  const world = new JobWorld(job, partitions);
  try {
    for (const step of steps) {
      world.step(step);
      world.check();
    }
    if (end === 'drain') world.drain();
    else world.wait();
    world.check();
  } catch (error) {
    return `stuck: ${String(error)}`;
  }
  return world.wrong ?? world.atTheEnd();
}

class JobWorld {
  wrong: string | null = null;
  readonly #job: HitsJob;
  readonly #table = new ProgressTable(countedHit);
  readonly #partitions: PartitionModel<HitCountsJson>[] = [];
  #line: Instant | null = null;
  #shown = new Map<string, number>();

  constructor(job: HitsJob, partitions: number) {
    this.#job = job;
    // All are registered before any is read.
    for (let partition = 0; partition < partitions; partition++) this.#table.register(partition);
    for (let partition = 0; partition < partitions; partition++) this.#start(partition);
  }

  step(step: Step): void {
    if ('at' in step)
      return this.#stepOfPartition(this.#partitions[step.at % this.#partitions.length]!, step);
    if (step.do === 'tick') for (const partition of this.#partitions) partition.now += step.ms;
    else if (step.do === 'drain') this.drain();
    else this.#addPartition();
  }

  /** The job is drained, and started again. */
  drain(): void {
    let end: Instant | null = null;
    for (const [partition, model] of this.#partitions.entries()) {
      while (model.state.offset < model.log.length) this.#poll(partition, 99);
      end = latest(end, latest(model.state.watermark, model.state.openUntil()));
    }
    for (const model of this.#partitions) {
      model.finish(end);
      model.terminate();
      this.check();
    }
  }

  /** Nothing comes any more; the quiet clock does the rest. */
  wait(): void {
    for (let round = 0; round < 20; round++) {
      for (const [partition, model] of this.#partitions.entries()) {
        model.now += 40;
        this.#poll(partition, 99);
        this.check();
      }
    }
  }

  check(): void {
    const line = this.#table.line();
    if (this.#line !== null && (line === null || line < this.#line)) {
      this.wrong ??= `the line went from ${this.#line} to ${line}`;
    }
    this.#line = line;
    const shown = this.#table.view();
    for (const [group, hits] of this.#shown) {
      const now = shown.get(group);
      if (now !== hits) this.wrong ??= `${group} was shown with ${hits}, then with ${now}`;
    }
    this.#shown = shown;
    if (this.#table.broken.length > 0) this.wrong ??= this.#table.broken.join('; ');
  }

  /** What people see is what the logs hold, apart from what is late. */
  atTheEnd(): string | null {
    const expected = new Map<string, number>();
    for (const [partition, { log }] of this.#partitions.entries()) {
      const { allAdvances, counters } = this.#table.standing(partition);
      const reference = referenceHits(this.#job, log, allAdvances);
      if (counters.late !== reference.counters.late) {
        return `partition ${partition}: ${counters.late} late instead of ${reference.counters.late}`;
      }
      for (const [group, hits] of reference.rows) expected.set(group, (expected.get(group) ?? 0) + hits);
    }
    const [is, should] = [this.#shown, expected].map((rows) =>
      [...rows]
        .map((row) => JSON.stringify(row))
        .sort()
        .join(),
    );
    return is === should ? null : `people see ${is} instead of ${should}`;
  }

  #stepOfPartition(model: PartitionModel<HitCountsJson>, step: PartitionStep): void {
    switch (step.do) {
      case 'record':
        model.log.push({ time: step.time, timestampMs: null, host: step.host, reason: null });
        break;
      case 'poll':
        this.#poll(this.#partitions.indexOf(model), step.most);
        break;
      case 'lostPoll':
        model.lostPoll({ most: step.most });
        break;
      case 'continueAsNew':
      case 'timeOut':
      case 'terminate':
        model[step.do]();
        break;
    }
  }

  /** As src/activities/{poll,idle}.ts: records, or else the quiet clock. */
  #poll(partition: number, most: number): void {
    const model = this.#partitions[partition]!;
    const { state, log, now } = model;
    if (state.offset < log.length) return model.poll({ most });
    const before = state.caughtUp ?? caughtUpAt(now);
    const job = wantsJobClock(before, now, IDLE_AFTER_MS)
      ? this.#table.jobClock(partition, { now, idleAfterMs: IDLE_AFTER_MS })
      : null;
    const { watermark } = state;
    const after = afterEmptyFetch(before, { at: now, watermark, idleAfterMs: IDLE_AFTER_MS, job });
    const advance = after.watermark === watermark ? null : after.watermark;
    model.poll({ most: 0, advance, caughtUp: after.caughtUp });
  }

  #addPartition(): void {
    if (this.#partitions.length >= 4) return;
    this.#table.register(this.#partitions.length);
    this.#start(this.#partitions.length);
  }

  #start(partition: number): void {
    const job = this.#job;
    const model = new PartitionModel({
      job,
      operator: hitsOperator(job),
      itemOf: hitOf,
      partition,
      table: this.#table,
      log: [],
    });
    model.now = this.#partitions[0]?.now ?? model.now;
    this.#partitions.push(model);
  }
}
