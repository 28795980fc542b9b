/** The relay in a made-up world: what is published, and what stands in the database when it dies. */
import { describe, expect, it } from 'vitest';
import { closeSource, relay, type RelayContext, type RelayInput } from '../../src/activities/relay.js';
import type { PollInput, PollResult } from '../../src/activities/poll.js';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { NO_PROGRESS, type Progress } from '../../src/domain/commit.js';
import type { CaughtUp } from '../../src/domain/quietClock.js';
import type { Pending } from '../../src/domain/sources.js';
import type { Scattered } from '../../src/pipelines/regroup.js';
import { sessionsJob } from '../support/sessionsJob.js';

const TARGETS = 2;
const CAUGHT_UP: CaughtUp = { since: 1000, addedUntil: 1000, seen: null };

interface Poll {
  next?: number;
  read?: number;
  skipped?: number;
  watermark?: number | null;
  advance?: number;
  caughtUp?: CaughtUp | null;
}

class World {
  row: Progress;
  readonly asked: PollInput[] = [];
  readonly published: string[] = [];
  /** Offsets that messages to target 0 are about. */
  readonly ranges: [from: number, to: number][] = [];
  readonly commits: number[] = [];
  readonly warnings: string[] = [];
  /** Publishing fails behind so many messages. */
  failBehind = Infinity;
  line: number | null = 500;
  rival: Pending | null = null;
  readonly #polls: Poll[];

  constructor(row: Partial<Progress>, polls: Poll[]) {
    this.row = { ...NO_PROGRESS, ...row };
    this.#polls = polls;
  }

  readonly context: RelayContext = {
    now: () => 0,
    isOver: () => this.#polls.length === 0,
    warn: (message) => this.warnings.push(message),
    readSource: () => Promise.resolve(structuredClone(this.row)),
    fixPending: (number, pending) => {
      if (this.rival) this.row.pending = this.rival;
      this.rival = null;
      if (this.row.number !== number || this.row.pending) return Promise.resolve(false);
      this.row.pending = pending;
      return Promise.resolve(true);
    },
    joinLine: (number) => {
      const { line } = this;
      const pending =
        line === null ? null : { number: number + 2, to: this.row.offset, from: line, watermark: line };
      this.row = { ...this.row, number: number + 1, watermark: line, pending };
      return Promise.resolve();
    },
    poll: (input) => {
      this.asked.push(input);
      const isWatermarkOnly = input.exact && input.until === input.offset;
      return Promise.resolve(batch(input, (isWatermarkOnly ? null : this.#polls.shift()) ?? {}));
    },
    publish: (messages) => {
      for (const { target, message } of messages) {
        if (this.published.length >= this.failBehind) return Promise.reject(new Error('Kafka is away'));
        this.published.push(`${target}: #${message.number} ${message.watermark}`);
        if (target === 0) this.ranges.push([message.from, message.to]);
      }
      return Promise.resolve();
    },
    commit: ({ expects, ...what }) => {
      expect(expects).toBe(this.row.number);
      this.row = { ...this.row, ...what, number: expects + 1, pending: null };
      this.commits.push(expects);
      return Promise.resolve();
    },
  };
}

function batch(
  input: PollInput,
  { next, read = 0, skipped = 0, watermark, advance, caughtUp = null }: Poll,
): PollResult<Scattered<unknown>> {
  return {
    from: input.offset,
    next: next ?? input.offset,
    advance: advance ?? null,
    watermark: watermark ?? input.watermark,
    caughtUp,
    counters: { ...NO_RECORDS, read, accepted: read, skipped },
    partial: { targets: [[], []], lastEnd: null },
    rejects: [],
    endOffset: 10,
  };
}

function input(more: Partial<RelayInput> = {}): RelayInput {
  return {
    job: sessionsJob(),
    partition: 3,
    targets: TARGETS,
    until: null,
    caughtUp: null,
    stayMs: 600_000,
    ...more,
  };
}

describe('a source', () => {
  it('writes down what it publishes, publishes it to all targets, and commits', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { next: 12, read: 2, watermark: 120 },
    ]);
    const { progress } = await relay(input(), world.context);
    expect(world.published).toEqual(['0: #5 120', '1: #5 120']);
    expect(progress).toMatchObject({ number: 5, offset: 12, watermark: 120, pending: null });
  });

  it('leaves written down what it could publish in part, and publishes exactly that again', async () => {
    const polls: Poll[] = [{ next: 12, read: 2, watermark: 120, advance: 95 }];
    const world = new World({ number: 4, offset: 10, watermark: 90 }, polls);
    world.failBehind = 1;
    await expect(relay(input(), world.context)).rejects.toThrow('Kafka is away');
    expect(world.row).toMatchObject({
      number: 4,
      offset: 10,
      pending: { number: 5, to: 12, from: 95, watermark: 120 },
    });

    world.failBehind = Infinity;
    polls.push({ next: 12, read: 2, watermark: 120 });
    await relay(input(), world.context);
    expect(world.asked.at(-1)).toMatchObject({
      offset: 10,
      until: 12,
      exact: true,
      watermark: 95,
      caughtUp: null,
    });
    expect(world.published).toEqual(['0: #5 120', '0: #5 120', '1: #5 120']);
    expect(world.row).toMatchObject({ number: 5, offset: 12, watermark: 120 });
  });

  it('stops where what is read again is something else', async () => {
    const pending = { number: 5, to: 12, from: 95, watermark: 120 };
    const world = new World({ number: 4, offset: 10, pending }, [{ next: 12, read: 2, watermark: 130 }]);
    await expect(relay(input(), world.context)).rejects.toThrow(
      'events/3 cannot be read at offset 10: watermark 130 at 12, where it was 120 at 12 before: records are gone that some ' +
        'targets may have. With "onDataLoss":"skip" the job goes on with what is left',
    );
    expect([world.published, world.warnings]).toEqual([[], []]);
  });

  it.each([
    ['retention', { read: 0, skipped: 2 }],
    ['compaction, which nothing counts,', { read: 1, skipped: 0 }],
  ])(
    'publishes the watermark that was written down where %s has taken records, and may',
    async (_, counted) => {
      const pending = { number: 5, to: 12, from: 95, watermark: 120 };
      const world = new World({ number: 4, offset: 10, pending }, [{ next: 12, watermark: 95, ...counted }]);
      await relay(input({ job: sessionsJob({ onDataLoss: 'skip' }) }), world.context);
      expect(world.published).toEqual(['0: #5 120', '1: #5 120']);
      expect(world.row).toMatchObject({ number: 5, offset: 12, watermark: 120 });
      expect(world.warnings).toEqual([
        'watermark 95 at 12, where it was 120 at 12 before: records are gone, and "onDataLoss" is "skip"',
      ]);
    },
  );

  it('stops where what is read again does not end where it did, whatever may be skipped', async () => {
    const pending = { number: 5, to: 12, from: 95, watermark: 120 };
    const world = new World({ number: 4, offset: 10, pending }, [{ next: 11, read: 1, watermark: 120 }]);
    const skipping = input({ job: sessionsJob({ onDataLoss: 'skip' }) });
    await expect(relay(skipping, world.context)).rejects.toThrow('watermark 120 at 11');
  });

  it('publishes what another attempt has written down, not its own', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { next: 14, read: 4, watermark: 140 },
      { next: 12, read: 2, watermark: 120 },
    ]);
    world.rival = { number: 5, to: 12, from: 90, watermark: 120 };
    await relay(input(), world.context);
    expect(world.published).toEqual(['0: #5 120', '1: #5 120']);
  });

  it('commits nothing that would take away what another attempt has written down, also where it publishes nothing', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { caughtUp: CAUGHT_UP },
      { next: 12, read: 2, watermark: 120 },
    ]);
    world.rival = { number: 5, to: 12, from: 90, watermark: 120 };
    await relay(input(), world.context);
    expect(world.published).toEqual(['0: #5 120', '1: #5 120']);
    expect(world.row).toMatchObject({ number: 5, offset: 12 });
  });

  it('commits nothing where nothing has changed', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { caughtUp: CAUGHT_UP },
      { caughtUp: CAUGHT_UP },
    ]);
    await relay(input({ caughtUp: { number: 4, caughtUp: CAUGHT_UP } }), world.context);
    expect([world.commits, world.published]).toEqual([[], []]);
  });

  it('commits once, without publishing, that it is caught up', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { caughtUp: CAUGHT_UP },
      { caughtUp: CAUGHT_UP },
    ]);
    const { caughtUp } = await relay(input(), world.context);
    expect([world.commits, world.published, caughtUp]).toEqual([[4], [], CAUGHT_UP]);
  });

  it('publishes offsets that it passed without a record, so that messages follow each other', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, [
      { next: 12, read: 2, watermark: 120 },
      { next: 15 },
      { watermark: 130 },
      { next: 16, skipped: 1 },
    ]);
    await relay(input(), world.context);
    expect(world.ranges).toEqual([
      [10, 12],
      [12, 15],
      [15, 15],
      [15, 16],
    ]);
  });

  it('does not take over since when it was caught up from before another attempt has read on', async () => {
    const world = new World({ number: 6, offset: 10, watermark: 90 }, [{}]);
    await relay(input({ caughtUp: { number: 4, caughtUp: CAUGHT_UP } }), world.context);
    expect(world.asked[0]).toMatchObject({ caughtUp: null });
  });

  it('asks for its watermark every second of event time while something that it published is open, exactly', async () => {
    const open = new World({ offset: 10, watermark: 90, endsUntil: 91 }, [{}]);
    const closed = new World({ offset: 10, watermark: 90, endsUntil: 90 }, [{}]);
    for (const world of [open, closed]) await relay(input(), world.context);
    expect([open, closed].map(({ asked }) => asked[0]!.nextEnd)).toEqual([1090, null]);
  });

  it('stops at the end of a drain, having published what is pending', async () => {
    const pending = { number: 5, to: 10, from: 95, watermark: 95 };
    const world = new World({ number: 4, offset: 10, watermark: 90, pending }, [{}]);
    await relay(input({ until: 10 }), world.context);
    expect([world.published, world.row.watermark]).toEqual([['0: #5 95', '1: #5 95'], 95]);
  });

  it('that appears later says hello, takes the line, publishes it, and reads', async () => {
    const world = new World({ offset: 40, pending: { hello: true } }, [
      { next: 41, read: 1, watermark: 800 },
    ]);
    await relay(input(), world.context);
    expect(world.published.filter((message) => message.startsWith('0'))).toEqual([
      '0: #1 null',
      '0: #2 500',
      '0: #3 800',
    ]);
    expect(world.asked.at(-1)!.watermark).toBe(500);
    expect(world.ranges).toEqual([
      [40, 40],
      [40, 40],
      [40, 41],
    ]);
  });

  it('that appears later where there is no line yet, reads', async () => {
    const world = new World({ pending: { hello: true } }, [{ next: 1, read: 1, watermark: 800 }]);
    world.line = null;
    await relay(input(), world.context);
    expect(world.published.filter((message) => message.startsWith('0'))).toEqual(['0: #1 null', '0: #2 800']);
  });
});

describe('the end of input', () => {
  it('is published as a watermark', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, []);
    await closeSource(input(), 700, world.context);
    expect([world.published, world.row.watermark]).toEqual([['0: #5 700', '1: #5 700'], 700]);
  });

  it('comes behind a batch that is still pending', async () => {
    const pending = { number: 5, to: 12, from: 95, watermark: 120 };
    const world = new World({ number: 4, offset: 10, watermark: 90, pending }, [
      { next: 12, read: 2, watermark: 120 },
    ]);
    await closeSource(input(), 700, world.context);
    expect(world.published).toEqual(['0: #5 120', '1: #5 120', '0: #6 700', '1: #6 700']);
    expect(world.ranges).toEqual([
      [10, 12],
      [12, 12],
    ]);
    expect(world.row).toMatchObject({ number: 6, offset: 12, watermark: 700 });
  });

  it.each([[null], [90], [89]])('is not published where the watermark is there: %s', async (end) => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, []);
    await closeSource(input(), end, world.context);
    expect(world.published).toEqual([]);
  });

  it('is published again by whoever takes over', async () => {
    const world = new World({ number: 4, offset: 10, watermark: 90 }, []);
    world.failBehind = 1;
    await expect(closeSource(input(), 700, world.context)).rejects.toThrow();
    world.failBehind = Infinity;
    await closeSource(input(), 700, world.context);
    expect([world.published, world.row.number]).toEqual([['0: #5 700', '0: #5 700', '1: #5 700'], 5]);
  });
});
