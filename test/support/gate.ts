/** Holds back statements of others in Postgres, so that a test can act while they are under way. */
import pg from 'pg';
import { eventually, uniqueName } from './weir.js';

export interface Place {
  /** As a trigger has it: `before update on weir.progress for each row`. */
  event: string;
  /** The gate that a statement has to pass there: SQL that gives its name, or null for none. */
  gate: string;
}

/** Makes a place where statements wait as long as the gate of that name is closed. */
export async function makePlace(pool: pg.Pool, { event, gate }: Place): Promise<void> {
  const name = `"${uniqueName('place')}"`;
  const lock = `hashtextextended(${gate}, 0)`;
  // Given back at once: who closes the gate does not wait for a transaction that has passed it.
  await pool.query(
    `create function weir.${name}() returns trigger language plpgsql as
       $$ begin perform pg_advisory_lock_shared(${lock}); perform pg_advisory_unlock_shared(${lock}); return new; end $$;
     create trigger ${name} ${event} execute function weir.${name}()`,
  );
}

/** Gates of what members of stage one write to `weir.progress`. */
export const progressGate = {
  /** A claim that pauses a partition, or lets it read on. */
  paused: (job: string, partition: number) => `${job}/${partition} paused`,
  /** A replay begins: the epoch before it stops. */
  stopped: (job: string, partition: number) => `${job}/${partition} stopped`,
  /** The commit that expects `number`. */
  commit: (job: string, partition: number, at: { epoch: number; number: number }) =>
    `${job}/${partition} commit ${at.number} of epoch ${at.epoch}`,
};

/** Makes the place of these gates. */
export async function makeProgressGates(pool: pg.Pool): Promise<void> {
  const member = `new.job || '/' || new.partition`;
  await makePlace(pool, {
    event: 'before update on weir.progress for each row when (new.stage = 1)',
    gate: `case when new.stopped and not old.stopped then ${member} || ' stopped'
      when new.paused is distinct from old.paused then ${member} || ' paused'
      when new.number > old.number then ${member} || ' commit ' || old.number || ' of epoch ' || new.epoch end`,
  });
}

export interface Gate {
  /** Waits until a statement is held there. */
  reached(): Promise<void>;
  /** Lets it pass, and all that come later. */
  open(): Promise<void>;
}

/** Closes the gate of that name. It is open again when the server has died. */
export async function closeGate(pool: pg.Pool, url: string, name: string): Promise<Gate> {
  const holder = new pg.Client({ connectionString: url });
  holder.on('error', () => {}); // the server was killed
  await holder.connect();
  await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
  const { rows } = await holder.query('select pg_backend_pid() as pid');
  return {
    reached: async () => {
      await eventually(`a statement to be held at ${name}`, async () => {
        const held = await pool.query('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
          rows[0].pid,
        ]);
        return held.rows.length > 0;
      });
    },
    open: () => holder.end().catch(() => undefined),
  };
}
