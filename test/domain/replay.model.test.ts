/**
 * Replays of one partition, under crashes: no hole and no doubled row at any moment for the same parameters; with another delay, at the end
 * (docs/semantics.md, replay).
 */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../src/cli/generate/random.js';
import { readAgainFrom } from '../../src/domain/replay.js';
import type { Operator } from '../../src/domain/operator.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';
import type { HitsJob } from '../../src/pipelines/job.js';
import { clickItemOf, clickRulesOf, countedClicks, modelClicks } from '../support/clickModel.js';
import { EpochTable } from '../support/epochTable.js';
import { difference } from '../support/difference.js';
import { testJob } from '../support/job.js';
import { hitOf, PartitionModel } from '../support/partitionModel.js';
import { countedHit, type Counted } from '../support/progressTable.js';
import { referenceHits, referenceSessions, type ModelRecord } from '../support/reference.js';
import { referenceClicks } from '../support/referenceClicks.js';
import { hunt, pick } from '../support/scenarios.js';
import { countedSession, modelSessions, visitOf } from '../support/sessionModel.js';

type Step =
  | { do: 'record'; record: ModelRecord }
  | { do: 'poll' | 'lostPoll'; most: number }
  | { do: 'continueAsNew' | 'timeOut' | 'terminate' | 'zombieClaim' | 'drain' }
  | { do: 'zombieCommit'; nth: number }
  | { do: 'replay'; from: number; delayMs: number };

interface Setting {
  spans: 'windows' | 'sessions' | 'clicks';
  job: HitsJob;
  lookBackMs: number;
}

const GUARD_MS = 20;

/** Each rule that a mutation leaves out, to see that the model would notice. */
type Without =
  'the written instant bounds the start' | 'the look-back' | 'verdicts are kept' | 'the last advance';

describe('a replay', () => {
  test('leaves no hole and no doubled row at any moment, whatever happens to the runs', () => {
    hunt<Setting, Step>({
      count: 4000,
      make: (random) => scenario(random, {}),
      play: (...at) => play(...at),
    });
  });

  test('with other delays is exact in the end for what lies wholly in the part that is written again', () => {
    const make = (random: Random) => scenario(random, { delays: true, drains: true });
    hunt<Setting, Step>({ count: 4000, make, play: (...at) => play(...at) });
  });

  test('after drains counts what comes behind them as the drained job did', () => {
    const make = (random: Random) => scenario(random, { drains: true, lastIsReplay: true });
    hunt<Setting, Step>({ count: 3000, make, play: (...at) => play(...at) });
  });

  test.each<[Without, Parameters<typeof scenario>[1]]>([
    ['the written instant bounds the start', {}],
    ['the look-back', {}],
    ['verdicts are kept', {}],
    ['the last advance', { drains: true, lastIsReplay: true }],
  ])('goes wrong where it is left out that %s', (without, how) => {
    const make = (random: Random) => scenario(random, how);
    const hunted = () => hunt<Setting, Step>({ count: 20_000, make, play: (...at) => play(...at, without) });
    expect(hunted).toThrow('scenario');
  });
});

function scenario(
  random: Random,
  { delays = false, drains = false, lastIsReplay = false },
): { setting: Setting; steps: Step[] } {
  const slideMs = pick(random, [10, 10, 5, 15]);
  const job = testJob({
    sizeMs: 10,
    slideMs,
    offsetMs: pick(random, [0, 7]),
    delayMs: delays ? 5 : pick(random, [0, 5]), // rules of clicks follow it: none, or some
    futureGuardMs: GUARD_MS,
  });
  const often = ['record', 'record', 'record', 'poll', 'poll', 'replay'] as const;
  const faults = [
    'continueAsNew',
    'timeOut',
    'terminate',
    'zombieClaim',
    'zombieCommit',
    'lostPoll',
  ] as const;
  const kinds: Step['do'][] = [...often, ...often, ...faults, ...(drains ? (['drain'] as const) : [])];
  const clock = { now: 100 };
  const steps = Array.from({ length: 4 + random.below(30) }, (): Step => {
    const kind = pick(random, kinds);
    switch (kind) {
      case 'record':
        return { do: kind, record: record(random, clock) };
      case 'poll':
      case 'lostPoll':
        return { do: kind, most: random.below(6) };
      case 'zombieCommit':
        return { do: kind, nth: random.below(20) };
      case 'replay': {
        const from = 60 + random.below(clock.now - 40);
        return { do: kind, from, delayMs: delays ? pick(random, [2, 5, 12]) : job.delayMs };
      }
      case 'continueAsNew':
      case 'timeOut':
      case 'terminate':
      case 'zombieClaim':
      case 'drain':
        return { do: kind };
    }
  });
  if (lastIsReplay) {
    steps.push({ do: 'poll', most: 99 }, { do: 'drain' }, { do: 'replay', from: 60, delayMs: job.delayMs });
    steps.push({ do: 'record', record: record(random, clock) });
  }
  return { setting: { spans: pick(random, ['windows', 'sessions', 'clicks']), job, lookBackMs: 40 }, steps };
}

function record(random: Random, clock: { now: number }): ModelRecord {
  clock.now += pick(random, [0, 0, 1, 3, 8, 12]);
  const time = clock.now - pick(random, [0, 0, 2, 5, 9, 14]) + pick(random, [0, 0, 0, GUARD_MS]);
  const reason = random.below(12) === 0 ? 'bad_json' : null;
  const visitor = { user: pick(random, [null, null, 'u']), ip: pick(random, ['1', '1', null]) };
  return {
    time,
    timestampMs: clock.now,
    host: pick(random, ['A', 'B', null]),
    reason,
    ...visitor,
    agent: pick(random, ['X', 'Y', null]),
  };
}

function play(setting: Setting, steps: readonly Step[], without?: Without): string | null {
  const { spans, job } = setting;
  const played = <P, I, R>(
    operator: Operator<I, P, R>,
    counted: (row: R) => Counted,
    more: { itemOf: (record: ModelRecord) => I; reference: typeof referenceHits },
  ) => new Play(setting, { operator, table: new EpochTable(counted), ...more }, without).run(steps);
  const rules = clickRulesOf(job);
  switch (spans) {
    case 'windows':
      return played(hitsOperator(job), countedHit, { itemOf: hitOf, reference: referenceHits });
    case 'sessions':
      return played(modelSessions(job.sizeMs), countedSession(job.sizeMs), {
        itemOf: visitOf,
        reference: referenceSessions,
      });
    case 'clicks':
      return played(modelClicks(rules), countedClicks(rules), {
        itemOf: clickItemOf,
        reference: referenceClicks,
      });
  }
}

interface World<P, I, R> {
  operator: Operator<I, P, R>;
  table: EpochTable<R>;
  itemOf: (record: ModelRecord) => I;
  reference: typeof referenceHits;
}

class Play<P, I, R> {
  readonly #setting: Setting;
  readonly #world: World<P, I, R>;
  readonly #without: Without | undefined;
  readonly #log: ModelRecord[] = [];
  readonly #model: PartitionModel<P, I, R>;
  #job: HitsJob;
  /** Whether results may change: another delay, or an end of input that a later replay takes back. */
  #changed = false;
  #from: number | null = null;

  constructor(setting: Setting, world: World<P, I, R>, without: Without | undefined) {
    const { table, operator, itemOf } = world;
    this.#setting = setting;
    this.#world = world;
    this.#without = without;
    this.#job = setting.job;
    if (without === 'verdicts are kept') table.lateBefore = () => new Set();
    this.#model = new PartitionModel({
      job: setting.job,
      operator,
      itemOf,
      partition: 0,
      table,
      log: this.#log,
    });
  }

  run(steps: readonly Step[]): string | null {
    for (const step of steps) {
      this.#carryOut(step);
      const wrong = this.#atAnyMoment();
      if (wrong !== null) return `after ${JSON.stringify(step)}: ${wrong}`;
    }
    return this.#inTheEnd();
  }

  #carryOut(step: Step): void {
    const model = this.#model;
    switch (step.do) {
      case 'record':
        this.#log.push(step.record);
        break;
      case 'poll':
      case 'lostPoll':
        model[step.do]({ most: step.most });
        break;
      case 'zombieCommit':
        model.zombieCommit(step.nth);
        break;
      case 'replay':
        this.#replay(step.from, step.delayMs);
        break;
      case 'drain':
        this.#readAll();
        model.finish(Math.max(this.#world.table.reached() ?? 0, model.state.openUntil() ?? 0));
        break;
      case 'continueAsNew':
      case 'timeOut':
      case 'terminate':
      case 'zombieClaim':
        model[step.do]();
    }
  }

  #readAll(): void {
    for (let polls = 0; this.#model.state.offset < this.#log.length; polls++) {
      if (polls > 200) throw new Error('polls do not reach the end of the log');
      this.#model.poll({ most: 3 });
    }
  }

  #replay(wanted: number, delayMs: number): void {
    const { table } = this.#world;
    const standing = table.standing();
    let from = table.rewriteFrom(wanted);
    if (this.#without === 'the written instant bounds the start' && from !== null) from = wanted;
    const delayGrewMs = delayMs - this.#job.delayMs;
    // Advances that have been passed are not repeated: what was late for them is taken now.
    if (delayGrewMs !== 0 || standing.allAdvances.some(([offset]) => offset < standing.offset))
      this.#changed = true;
    table.beginEpoch(
      from,
      this.#readFrom(from),
      this.#without === 'the last advance' ? Infinity : delayGrewMs,
    );
    this.#from = from;
    this.#job = { ...this.#job, delayMs };
    this.#model.beginEpoch(this.#job);
  }

  #readFrom(from: number | null): number {
    const { table } = this.#world;
    const { rebuildFrom } = table.standing();
    if (from === null) return rebuildFrom;
    const { sizeMs } = this.#job;
    const reaches = { lookBackMs: this.#setting.lookBackMs, betweenMs: sizeMs, futureGuardMs: GUARD_MS };
    const low =
      this.#without === 'the look-back' ? from : readAgainFrom(from, table.earliestStart(from), reaches);
    const first = this.#log.findIndex(({ timestampMs }) => timestampMs! >= low);
    return Math.min(first === -1 ? this.#log.length : first, rebuildFrom);
  }

  /** For the same parameters, what is written is what the log says of all that ends by the watermark. */
  #atAnyMoment(): string | null {
    const { table } = this.#world;
    const { counters } = table.standing();
    if (counters.read !== counters.accepted + counters.duplicate + counters.late + counters.rejected)
      return `counters do not add up: ${JSON.stringify(counters)}`;
    if (this.#changed) return null;
    const reached = table.reached() ?? -Infinity;
    const final = [...this.#expected().rows].filter(([group]) => endOf(group) <= reached);
    return difference('rows', table.rows(), final);
  }

  #inTheEnd(): string | null {
    const { table } = this.#world;
    const model = this.#model;
    this.#readAll();
    model.finish(1_000_000);
    const expected = this.#expected();
    if (!this.#changed)
      return (
        difference('rows', table.rows(), expected.rows) ??
        difference('weir.rejected', table.rejected(), expected.rejected)
      );
    // Wholly after the beginning of the part that is written again: three sizes are enough for what hangs together.
    const after = this.#from === null ? -Infinity : this.#from + 3 * this.#job.sizeMs;
    const rows = (all: Map<string, number>) => [...all].filter(([group]) => startOf(group) > after);
    const verdicts = (all: Map<number, string>) =>
      [...all].filter(([offset]) => this.#log[offset]!.time > after);
    return (
      difference('rows', rows(table.rows()), rows(expected.rows)) ??
      difference('weir.rejected', verdicts(table.rejected()), verdicts(expected.rejected))
    );
  }

  #expected() {
    return this.#world.reference(this.#job, this.#log, this.#world.table.standing().allAdvances);
  }
}

function startOf(group: string): number {
  return (JSON.parse(group) as [number])[0];
}

function endOf(group: string): number {
  return (JSON.parse(group) as [number, number])[1];
}
