/** `weir.progress`, `weir.rejected` and the results of one partition over several epochs, under the rules of src/io/postgres/{commit,beginEpoch}.ts. */
import type { Commit, Progress } from '../../src/domain/commit.js';
import type { Instant } from '../../src/domain/instant.js';
import { rewriteFrom, rewriteOf } from '../../src/domain/replay.js';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { asJson, isMade, type Counted, type ModelCommit } from './progressTable.js';

interface Standing extends Progress {
  owner: string | null;
  longestMs: number;
  allAdvances: Commit<never>['advances'];
}

interface Written {
  /** Of older epochs that may be replaced, the row as a whole. */
  group: string;
  count: number;
  end: Instant;
  epoch: number;
}

/** A row's key and its end: rows of the models begin with start, end, and two parts of the group. */
function keyOf(group: string): { key: string; start: Instant; end: Instant } {
  const [start, end, ...rest] = JSON.parse(group) as [Instant, Instant, ...unknown[]];
  return { key: JSON.stringify([start, ...rest.slice(0, 2)]), start, end };
}

export class EpochTable<Row> {
  epoch = 0;
  readonly #counted: (row: Row) => Counted;
  readonly #epochs: Standing[] = [];
  readonly #rows = new Map<string, Written>();
  /** By epoch: offset to reason. */
  readonly #rejected: Map<number, string>[] = [new Map<number, string>()];

  constructor(counted: (row: Row) => Counted) {
    this.#counted = counted;
    this.#epochs.push(begin({ offset: 0, advances: [], rewrite: null }));
  }

  standing(): Readonly<Standing> {
    return this.#epochs[this.epoch]!;
  }

  claim(_partition: number, owner: string): Progress {
    this.#epochs[this.epoch]!.owner = owner;
    return asJson(this.#epochs[this.epoch]!);
  }

  commit(_partition: number, owner: string, what: ModelCommit<Row>): void {
    const standing = this.#epochs[this.epoch]!;
    if (isMade(standing, owner, what)) return;
    const { expects, rows, rejects, replaced, longestMs = 0, ...rest } = asJson(what);
    for (const row of rows) {
      const [group, count] = this.#counted(row);
      const { key, end } = keyOf(group);
      this.#rows.set(key, { group, count, end, epoch: this.epoch });
    }
    for (const { offset, reason } of rejects) this.#rejected[this.epoch]!.set(offset, reason);
    this.#epochs[this.epoch] = {
      ...standing,
      ...rest,
      number: expects + 1,
      longestMs: Math.max(standing.longestMs, longestMs),
    };
    if (replaced) this.#replace(replaced);
  }

  #replace({ ends, offsets, longestMs }: NonNullable<Commit<never>['replaced']>): void {
    for (const [key, { end, epoch, group }] of this.#rows) {
      if (epoch === this.epoch || ends === null) continue;
      const [after, until] = ends;
      const isNear = after === null || keyOf(group).start > after - longestMs;
      if ((after === null || end > after) && end <= until && isNear) this.#rows.delete(key);
    }
    for (const older of this.#rejected.slice(0, this.epoch)) {
      for (const offset of older.keys())
        if (offsets !== null && offset >= offsets[0] && offset < offsets[1]) older.delete(offset);
    }
  }

  rejectedOffsets(_partition: number, { from, until }: { from: number; until: number }): Set<number> {
    const offsets = [...this.#rejected[this.epoch]!.keys()];
    return new Set(offsets.filter((offset) => offset >= from && offset < until));
  }

  lateBefore(from: number): Set<number> {
    const older = this.#rejected.slice(0, this.epoch).flatMap((each) => [...each]);
    return new Set(
      older.filter(([offset, reason]) => offset >= from && reason === 'late').map(([offset]) => offset),
    );
  }

  /** From when on results would be written again. */
  rewriteFrom(wanted: Instant): Instant | null {
    return rewriteFrom(wanted, this.standing());
  }

  /** The earliest start of what is written and ends after `from`. */
  earliestStart(from: Instant): Instant | null {
    const starts = [...this.#rows.values()]
      .filter(({ end }) => end > from)
      .map(({ group }) => keyOf(group).start);
    return starts.length === 0 ? null : Math.min(...starts);
  }

  beginEpoch(from: Instant | null, offset: number, delayGrewMs: number): void {
    const { rewrite, advances } = rewriteOf(from, this.standing(), {
      epochs: this.#epochs,
      delayGrewMs,
      gapGrewMs: 0,
    });
    this.epoch++;
    this.#epochs.push(begin({ offset, advances, rewrite }));
    this.#rejected.push(new Map());
  }

  /** Group to count. */
  rows(): Map<string, number> {
    return new Map([...this.#rows.values()].map(({ group, count }) => [group, count]));
  }

  rejected(): Map<number, string> {
    return new Map(this.#rejected.flatMap((each) => [...each]));
  }

  /** The largest watermark of any epoch: what ends by then is written. */
  reached(): Instant | null {
    const known = this.#epochs.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]));
    return known.length === 0 ? null : Math.max(...known);
  }
}

function begin({ offset, advances, rewrite }: Pick<Progress, 'offset' | 'advances' | 'rewrite'>): Standing {
  return {
    number: 0,
    offset,
    watermark: null,
    rebuildFrom: offset,
    counters: NO_RECORDS,
    advances,
    endsUntil: null,
    owner: null,
    longestMs: 0,
    allAdvances: advances,
    ...(rewrite === undefined ? {} : { rewrite }),
  };
}
