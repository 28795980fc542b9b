import type { Gate } from '../support/gate.js';
import { eventually, type Weir } from '../support/weir.js';

/** An operation that is held in its middle. */
export interface UnderWay {
  gate: Gate;
  /** Resolves when the job shows that it has gone on. */
  goesOn(): Promise<void>;
  /** Checks what has come of it, to the last row. */
  check(): Promise<void>;
}

/** A killed server of a slow machine. */
export const LIMIT_MS = 60_000;

/**
 * Notes where a partition is now; what it returns waits until the partition has made so many commits more. The first may be the one that
 * was held, which a worker that died has sent.
 */
export async function moves(
  weir: Weir,
  { job, partition, commits }: { job: string; partition: number; commits: number },
): Promise<() => Promise<void>> {
  const look = async (): Promise<number> => {
    const { rows } = await weir.pool.query<{ number: number }>(
      'select sum(number)::int as number from weir.progress where job = $1 and partition = $2',
      [job, partition],
    );
    return rows[0]!.number;
  };
  const before = await look();
  return async () => {
    await eventually(
      `${job}/${partition} to commit`,
      async () => (await look()) >= before + commits,
      LIMIT_MS,
    );
  };
}
