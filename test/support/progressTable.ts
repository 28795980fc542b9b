/** `weir.progress`, `weir.rejected` and `weir.hits` of one job in memory, under the rules of src/io/postgres/{claim,commit,registerJob,jobClock}.ts. */
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { latest, type Instant } from '../../src/domain/instant.js';
import { jobLine } from '../../src/domain/line.js';
import type { Advance, Commit, Progress } from '../../src/domain/commit.js';
import type { JobClock } from '../../src/domain/quietClock.js';
import { Fenced } from '../../src/io/postgres/commit.js';
import type { HitRow } from '../../src/pipelines/hits/counts.js';

/** A commit, and for the reference every advance that it and the commits before it remember. */
export type ModelCommit<Row> = Commit<Row[]> & { allAdvances: Advance[] };

interface Standing extends Progress {
  owner: string | null;
  caughtUpSince: Instant | null;
  endsUntil: Instant | null;
  allAdvances: Advance[];
}

/**
 * What a result is known by, `[start, end, …]` as JSON, and how many records it counts. With `row`, all results that have the same one are
 * one row of the table, which is written as a whole.
 */
export type Counted = [group: string, count: number, row?: string];

export const countedHit = ([start, end, host, referrer, hits]: HitRow): Counted => [
  JSON.stringify([start, end, host, referrer]),
  hits,
  String(start),
];

export class ProgressTable<Row> {
  readonly #counted: (row: Row) => Counted;
  readonly #standing = new Map<number, Standing>();
  /** By partition: offset to reason. */
  readonly rejected = new Map<number, Map<number, string>>();
  /** By partition: group to count. */
  readonly rows = new Map<number, Map<string, number>>();
  readonly #rowOf = new Map<string, string>();
  /** Rules that no commit may break, whoever makes it. */
  readonly broken: string[] = [];

  constructor(counted: (row: Row) => Counted) {
    this.#counted = counted;
  }

  /** Enters a partition, at the job's line. */
  register(partition: number): void {
    const watermark = this.line();
    this.#standing.set(partition, {
      number: 0,
      offset: 0,
      watermark,
      rebuildFrom: 0,
      counters: NO_RECORDS,
      advances: [],
      owner: null,
      caughtUpSince: null,
      endsUntil: null,
      allAdvances: watermark === null ? [] : [[0, watermark]],
    });
    this.rejected.set(partition, new Map());
    this.rows.set(partition, new Map());
  }

  standing(partition: number): Readonly<Standing> {
    return this.#standing.get(partition)!;
  }

  claim(partition: number, owner: string): Progress {
    const standing = this.#standing.get(partition)!;
    standing.owner = owner;
    const { number, offset, watermark, rebuildFrom, counters, advances, endsUntil } = standing;
    return asJson({ number, offset, watermark, rebuildFrom, counters, advances, endsUntil });
  }

  /** Throws {@link Fenced}. */
  commit(partition: number, owner: string, commit: ModelCommit<Row>): void {
    const standing = this.#standing.get(partition)!;
    if (isMade(standing, owner, commit)) return;
    if (standing.watermark !== null && (commit.watermark === null || commit.watermark < standing.watermark)) {
      this.broken.push(`the committed watermark went from ${standing.watermark} to ${commit.watermark}`);
    }
    if (commit.rebuildFrom < standing.rebuildFrom || commit.rebuildFrom > commit.offset) {
      this.broken.push(`rebuildFrom went from ${standing.rebuildFrom} to ${commit.rebuildFrom}`);
    }
    const { expects, rows, rejects, ...rest } = asJson(commit);
    const rejected = this.rejected.get(partition)!;
    for (const { offset, reason } of rejects) if (!rejected.has(offset)) rejected.set(offset, reason);
    this.#write(this.rows.get(partition)!, rows.map(this.#counted));
    this.#standing.set(partition, { ...rest, owner, number: expects + 1 });
  }

  #write(table: Map<string, number>, counted: Counted[]): void {
    const replaced = new Set(counted.map(([, , row]) => row));
    for (const group of table.keys()) {
      const row = this.#rowOf.get(group);
      if (row !== undefined && replaced.has(row)) table.delete(group);
    }
    for (const [group, count, row] of counted) {
      table.set(group, count);
      if (row !== undefined) this.#rowOf.set(group, row);
    }
  }

  rejectedOffsets(partition: number, { from, until }: { from: number; until: number }): Set<number> {
    const offsets = [...this.rejected.get(partition)!.keys()];
    return new Set(offsets.filter((offset) => offset >= from && offset < until));
  }

  jobClock(partition: number, { now, idleAfterMs }: { now: Instant; idleAfterMs: number }): JobClock {
    const others = [...this.#standing]
      .filter(([other]) => other !== partition)
      .map(([, standing]) => standing);
    const awake = others.filter(
      ({ caughtUpSince }) => caughtUpSince === null || now - caughtUpSince < idleAfterMs,
    );
    const known = others.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]));
    return {
      awake: awake.length,
      smallestAwake: jobLine(awake.map(({ watermark }) => watermark)),
      largest: known.length === 0 ? null : Math.max(...known),
      endsUntil: others.reduce<Instant | null>((max, { endsUntil }) => latest(max, endsUntil), null),
    };
  }

  line(): Instant | null {
    return jobLine([...this.#standing.values()].map(({ watermark }) => watermark));
  }

  /** What people are shown: groups that are final for the job, summed over partitions. */
  view(): Map<string, number> {
    const line = this.line();
    const shown = new Map<string, number>();
    for (const rows of this.rows.values()) {
      for (const [group, hits] of rows) {
        const [, end] = JSON.parse(group) as HitRow;
        if (line !== null && end <= line) shown.set(group, (shown.get(group) ?? 0) + hits);
      }
    }
    return shown;
  }
}

/** Whether exactly this commit was made before; throws {@link Fenced} where it is not the one that is due. */
export function isMade(
  standing: Pick<Progress, 'number' | 'offset' | 'watermark'> & { owner: string | null },
  owner: string,
  { expects, offset, watermark }: Pick<Commit<unknown>, 'expects' | 'offset' | 'watermark'>,
): boolean {
  if (standing.owner === owner && standing.number === expects) return false;
  const made =
    standing.owner === owner &&
    standing.number === expects + 1 &&
    standing.offset === offset &&
    standing.watermark === watermark;
  if (made) return true;
  throw new Fenced(`commit ${expects} by ${owner} found ${standing.number} of ${standing.owner}`);
}

/** As it comes out of a database or a payload: nothing but plain JSON survives. */
export function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
