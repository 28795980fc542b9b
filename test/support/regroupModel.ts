/**
 * A regrouping without servers: sources run the relay itself over logs, a database and an internal topic in memory; targets make the calls
 * that src/workflows/partitionRun.ts makes of PartitionState, in their order. Anything may die between any two steps.
 */
import { closeSource, relay, type RelayContext } from '../../src/activities/relay.js';
import { decodeMessage, encodeMessage, type RegroupMessage } from '../../src/activities/regroupMessage.js';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { afterClaim } from '../../src/domain/claim.js';
import { NO_PROGRESS, type Carried, type Commit, type Progress } from '../../src/domain/commit.js';
import { BatchFold } from '../../src/domain/fold.js';
import { latest, type Instant } from '../../src/domain/instant.js';
import { jobLine } from '../../src/domain/line.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import type { SourceStanding } from '../../src/domain/sources.js';
import type { PollInput, PollResult } from '../../src/activities/poll.js';
import { CombinedSessions } from '../../src/pipelines/sessions/combine.js';
import { regroupedOperator, sessionsOperator } from '../../src/pipelines/sessions/operator.js';
import type { Scattered } from '../../src/pipelines/regroup.js';
import type { SessionRow } from '../../src/pipelines/sessions/columns.js';
import type { SessionsJson } from '../../src/pipelines/sessions/sessionsJson.js';
import { ScatteredSegments } from '../../src/pipelines/sessions/scatter.js';
import type { RegroupedJson } from '../../src/pipelines/sessions/sessionsJson.js';
import type { Random } from '../../src/cli/generate/random.js';
import type { SourceRecord } from './regroupReference.js';
import { sessionsJob } from './sessionsJob.js';

const AGENT = { browser: null, os: null, device: null, isBot: false };
export const GAP_MS = 10;

/** What the design has against a fault: taken away one by one, to see that it is needed. */
export type Fix =
  | 'hold'
  | 'numbers'
  | 'blankSources'
  | 'pending'
  | 'pendingWatermarks'
  | 'lastPart'
  | 'hello'
  | 'lineWithPending';

export interface ModelOptions {
  random: Random;
  delayMs: number;
  targets: number;
  partBytes: number;
  without: Fix | null;
  /** Whether anything dies, comes twice or late. */
  faults: boolean;
  /** Whether the internal topic loses a message. */
  loses?: boolean;
}

class Crash extends Error {}

interface SourceModel {
  log: SourceRecord[];
  row: Progress;
  /** What moved the watermark besides records, as it was written down. */
  advances: [number, Instant][];
}

const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export class RegroupModel {
  readonly sources = new Map<number, SourceModel>();
  readonly targets: TargetModel[];
  readonly options: ModelOptions;
  /** Everything that was ever published, for those that wake up late. */
  readonly #published: { target: number; message: RegroupMessage }[][] = [];

  /** Whether all sources have read everything. */
  #drained = false;
  #lost = false;

  constructor(options: ModelOptions, sources: number) {
    this.options = options;
    for (let source = 0; source < sources; source++) this.addSource(source, []);
    // Where something was taken away, what comes of it is to be seen, and not that it is noticed.
    const offset = options.without === null ? 0 : null;
    const known = [...this.sources.keys()].map((source): SourceStanding => [source, 0, -1, null, offset]);
    this.targets = Array.from({ length: options.targets }, () => new TargetModel(options, known));
  }

  /** Later ones say hello. */
  addSource(source: number, log: SourceRecord[], later = false): void {
    const row: Progress = { ...NO_PROGRESS, pending: later ? { hello: true } : null };
    const made: SourceModel = { log, row, advances: [] };
    if (later && this.options.without === 'hello') {
      row.pending = null;
      row.watermark = this.#line(source);
      if (row.watermark !== null) made.advances.push([0, row.watermark]);
    }
    this.sources.set(source, made);
  }

  /** A stretch of one attempt of a relay, until it is over or dies. */
  async relay(source: number, { polls, advanceMs }: { polls: number; advanceMs: number }): Promise<void> {
    let left = polls;
    const context = this.#context(source, () => left-- <= 0, advanceMs);
    await relay(this.#input(source, null), context).catch(unlessCrash);
  }

  zombie(): void {
    const { random } = this.options;
    if (this.#published.length > 0) this.#write(this.#published[random.below(this.#published.length)]!);
  }

  /** End of input: everything is read, published, taken and closed, whatever dies on the way. */
  async drain(): Promise<void> {
    for (const source of this.sources.keys()) await this.#until(() => this.#readAll(source));
    this.#drained = true;
    let end: Instant | null = null;
    for (const { row } of this.sources.values()) end = latest(end, latest(row.watermark, row.endsUntil));
    for (const source of this.sources.keys()) {
      await this.#until(async () => {
        await closeSource(
          this.#input(source, null),
          end,
          this.#context(source, () => false, 0),
        );
        return true;
      });
    }
    this.targets.forEach((target) => target.readAll());
    let last: Instant | null = null;
    for (const { state } of this.targets) last = latest(last, latest(state.watermark, state.openUntil()));
    this.targets.forEach((target) => target.finish(last));
  }

  async #readAll(source: number): Promise<boolean> {
    const { log } = this.sources.get(source)!;
    const input = this.#input(source, log.length);
    const { progress } = await relay(
      input,
      this.#context(source, () => false, 0),
    );
    return progress.offset >= log.length;
  }

  async #until(work: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 1000; attempt++) {
      if (await work().catch(unlessCrash)) return;
    }
    throw new Error('a source does not come to its end');
  }

  #input(source: number, until: number | null) {
    const { delayMs, targets } = this.options;
    const job = sessionsJob({ gapMs: GAP_MS, delayMs });
    return { job, partition: source, targets, until, caughtUp: null, stayMs: Infinity };
  }

  #context(source: number, isOver: () => boolean, advanceMs: number): RelayContext {
    const { random, without, faults } = this.options;
    const die = (): void => {
      if (faults && random.below(12) === 0) throw new Crash();
    };
    const of = this.sources.get(source)!;
    const later = <T>(work: () => T): Promise<T> => Promise.resolve().then(work);
    return {
      now: () => 0,
      isOver,
      warn: () => undefined,
      readSource: () => later(() => asJson(of.row)),
      poll: (input) => later(() => (die(), this.#poll(of, input, advanceMs))),
      fixPending: (number, pending) =>
        later(() => {
          die();
          if (of.row.number !== number || of.row.pending) return false;
          if (pending.hello) throw new Error('only a registration says hello');
          // The end of input is published from what is pending: that much is left.
          const forgotten =
            !this.#drained &&
            (without === 'pending' || (without === 'pendingWatermarks' && pending.to === of.row.offset));
          if (!forgotten) of.row.pending = asJson(pending);
          if (!forgotten && pending.from !== null) of.advances.push([of.row.offset, pending.from]);
          die();
          return true;
        }),
      joinLine: (number) =>
        later(() => {
          die();
          if (of.row.number !== number) return;
          const line = this.#line(source);
          of.row = { ...of.row, number: number + 1, watermark: line, pending: null };
          if (line === null) return;
          of.row.pending = { number: number + 2, to: of.row.offset, from: line, watermark: line };
          of.advances.push([of.row.offset, line]);
        }),
      publish: (messages) =>
        later(() => {
          this.#published.push(messages);
          if (faults && random.below(8) === 0) {
            this.#write(messages.slice(0, random.below(messages.length + 1)));
            throw new Crash();
          }
          this.#write(messages);
        }),
      commit: (commit) => later(() => (die(), this.#commit(of, commit))),
    };
  }

  #poll(of: SourceModel, input: PollInput, advanceMs: number): PollResult<Scattered<SessionsJson>> {
    const { random, delayMs, targets, partBytes } = this.options;
    const operator = sessionsOperator(GAP_MS);
    const gather = () => new ScatteredSegments(GAP_MS, targets, partBytes);
    const { offset, exact = false } = input;
    const quiet = !exact && input.watermark !== null && offset === of.log.length && advanceMs > 0;
    const advance = quiet ? input.watermark! + advanceMs : null;
    const watermark = latest(input.watermark, advance);
    const fold = new BatchFold({
      operator: { ...operator, gather },
      delayMs,
      futureGuardMs: 0,
      watermark,
    });
    const next = Math.min(exact ? input.until! : offset + 1 + random.below(5), of.log.length);
    for (let at = offset; at < next; at++) {
      const { key, time } = of.log[at]!;
      const item = { key, attributes: { userAgent: null, host: `${input.partition}:${at}` } };
      fold.add({ offset: at, timestampMs: null }, { reason: null, time, item });
    }
    const { targets: parts, lastEnd } = (fold.gathering as ScatteredSegments).partial();
    const complete = parts.map((target) =>
      target.map((part) => {
        const read = <C extends { agents: unknown[] }>(columns: C) => ({
          ...columns,
          agents: columns.agents.map(() => AGENT),
        });
        return { ...part, segments: read(part.segments), suspects: read(part.suspects) };
      }),
    );
    return {
      from: offset,
      next,
      advance,
      watermark: fold.watermark,
      caughtUp: null,
      counters: fold.counters,
      partial: { targets: complete, lastEnd },
      rejects: [],
      endOffset: of.log.length,
    };
  }

  #commit(of: SourceModel, { expects, ...what }: Commit<null>): void {
    if (of.row.number !== expects) throw new Error(`expected commit ${expects}, found ${of.row.number}`);
    const forgets = this.options.without?.startsWith('pending');
    if (forgets && of.row.pending === null && what.offset === of.row.offset && what.watermark !== null)
      of.advances.push([what.offset, what.watermark]);
    const { offset, watermark, rebuildFrom, counters, endsUntil } = what;
    of.row = asJson({
      ...NO_PROGRESS,
      number: expects + 1,
      offset,
      watermark,
      rebuildFrom,
      counters,
      endsUntil,
      pending: null,
    });
  }

  #write(messages: { target: number; message: RegroupMessage }[]): void {
    for (const { target, message } of messages) {
      const { loses = false, random } = this.options;
      if (loses && !this.#lost && random.below(10) === 0) this.#lost = true;
      else this.targets[target]!.log.push(encodeMessage(message));
    }
  }

  /** As sql in src/io/postgres/pending.ts. */
  #line(source: number): Instant | null {
    const others = [...this.sources].filter(([each, { row }]) => each !== source && !row.pending?.hello);
    return jobLine(
      others.map(
        ([
          ,
          {
            row: { watermark, pending },
          },
        ]) =>
          pending && !pending.hello && this.options.without !== 'lineWithPending'
            ? latest(watermark, pending.watermark)
            : watermark,
      ),
    );
  }
}

function unlessCrash(error: unknown): false {
  if (error instanceof Crash) return false;
  throw error;
}

class TargetModel {
  readonly log: Buffer[] = [];
  /** JSON of [key, first] to JSON of the rest. */
  readonly rows = new Map<string, string>();
  readonly broken: string[] = [];
  state: PartitionState<RegroupedJson, SessionRow>;
  readonly #options: ModelOptions;
  #row: Progress;
  #old: Carried<RegroupedJson> | null = null;

  constructor(options: ModelOptions, sources: SourceStanding[]) {
    this.#options = options;
    this.#row = asJson({ ...NO_PROGRESS, sources });
    this.state = PartitionState.rebuilding(this.#operator(), this.#row);
    this.state.beginSilentRead(this.#row);
    this.state.adopt(this.#row);
  }

  read(most: number): void {
    const until = Math.min(this.state.offset + most, this.log.length);
    this.state.merge(this.#batch(until));
    if (this.#options.random.below(2) === 0 || this.state.due(0)) this.commit();
  }

  commit(): void {
    const { rows, rejects: _, expects, caughtUpSince: _1, ...what } = this.state.commit();
    for (const { key, first, last, count, attributes } of rows) {
      const row = JSON.stringify([last, count, attributes.host]);
      const id = JSON.stringify([key, first]);
      if ((this.rows.get(id) ?? row) !== row) this.broken.push(`${id}: ${row} over ${this.rows.get(id)}`);
      this.rows.set(id, row);
    }
    this.#row = asJson({ ...what, number: expects + 1 });
    this.state.committed(0);
    if (this.#options.random.below(3) === 0) this.#old = asJson(this.state.carry());
  }

  /** Another run takes over: with the state of the last commit, an older one, or none. */
  takeOver(which: 'own' | 'old' | 'none'): void {
    if (which === 'own') this.commit();
    const own = which === 'own' ? asJson(this.state.carry()) : which === 'old' ? this.#old : null;
    const progress = asJson(this.#row);
    const continuation = afterClaim(own, progress);
    this.state =
      own === null || continuation === 'rebuild'
        ? PartitionState.rebuilding(this.#operator(progress), progress)
        : PartitionState.carried(this.#operator(), own);
    if (continuation === 'as-is') {
      this.state.resume(progress);
      return;
    }
    this.state.beginSilentRead(progress);
    while (this.state.offset < progress.offset) {
      const until = this.state.silentUntil(progress.offset);
      const some = Math.min(until, this.state.offset + 1 + this.#options.random.below(4));
      this.state.mergeSilently(this.#batch(some));
    }
    this.state.adopt(progress);
  }

  readAll(): void {
    while (this.state.offset < this.log.length) this.read(3);
    this.commit();
  }

  finish(end: Instant | null): void {
    this.state.finish(end);
    this.commit();
  }

  #batch(until: number) {
    const { without } = this.#options;
    const from = this.state.offset;
    const combined = new CombinedSessions(GAP_MS, this.state.sources!);
    for (let offset = from; offset < until; offset++) {
      const { content: any, ...message } = decodeMessage(this.log[offset]!);
      const content = any as SessionsJson | null;
      let head = message;
      if (without === 'numbers') head = { ...head, number: offset + 1 };
      if (without === 'lastPart') head = { ...head, parts: head.part + 1 };
      if (content === null) combined.hear(head);
      else if (without !== 'hold') combined.take(head, offset, content);
      else
        combined.take(head, offset, {
          ...content,
          suspects: { ...content.suspects },
          met: content.met.map((_, i) => (i === 0 ? -1e9 : 0)),
        });
    }
    return {
      from,
      next: until,
      advance: null,
      watermark: combined.watermark,
      caughtUp: null,
      counters: NO_RECORDS,
      partial: asJson(combined.partial()),
      rejects: [],
    };
  }

  /** @param progress of a rebuild that begins, as the fault would have it, with what was taken by then */
  #operator(progress?: Progress) {
    const operator = regroupedOperator(GAP_MS);
    if (this.#options.without !== 'blankSources' || !progress) return operator;
    return {
      ...operator,
      open: () => {
        const open = operator.open();
        const sources = open.sources!;
        const { adopt } = sources as { adopt: (this: void, standings: readonly SourceStanding[]) => void };
        sources.adopt = () => adopt(progress.sources!);
        return open;
      },
    };
  }
}
