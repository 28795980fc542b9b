/** What can be asked of a job, each held in its middle until its gate is opened, and what has to have come of it. */
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { OutgoingRecord } from '../../src/io/kafka/writer.js';
import { closeGate, makeProgressGates, progressGate, type Gate } from '../support/gate.js';
import { eventually, hit, uniqueName, type Weir } from '../support/weir.js';
import { makeResentGates, resendUnderWay } from './resend.js';
import { LIMIT_MS, moves, type UnderWay } from './underWay.js';

/** What a job has made of the log, to be compared. */
export interface Outcome {
  rows: object[];
  rejected: object[];
  counters: object[];
}

const PARTITIONS = 2;
/** Records of each half of the log in each partition. */
const HALF = 400;
const FIRST = Date.UTC(2026, 0, 1);
/** A replay of everything: late records are older than the first one. */
const REPLAY = { from: FIRST - 3_600_000, lookBack: '0s' };

/** A second of event time from one record to the next; some are late, some are no events. */
function half(which: 0 | 1): OutgoingRecord[] {
  return Array.from({ length: PARTITIONS * HALF }, (_, i) => {
    const partition = i % PARTITIONS;
    const place = which * HALF + Math.floor(i / PARTITIONS);
    if (place % 97 === 96) return { key: null, value: '{', partition };
    const time = FIRST + (place % 41 === 40 ? place - 180 : place) * 1000;
    return { ...hit({ time, referrer: `r${place % 5}` }), partition };
  });
}

const input = (topic: string) => ({
  pipeline: 'hits',
  topic,
  size: '1m',
  delay: '5s',
  idle: 'off',
  maxBatchEvents: 40,
});

export class Operations {
  readonly #weir: Weir;
  readonly #postgresUrl: string;
  readonly #fresh: Outcome;

  private constructor(weir: Weir, postgresUrl: string, fresh: Outcome) {
    this.#weir = weir;
    this.#postgresUrl = postgresUrl;
    this.#fresh = fresh;
  }

  /** Makes the gates, and lets a job run to its end that nobody disturbs. */
  static async on(weir: Weir, postgresUrl: string): Promise<Operations> {
    await makeProgressGates(weir.pool);
    await makeResentGates(weir.pool);
    const fresh = uniqueName('fresh');
    await weir.start(fresh, input(await weir.topic(PARTITIONS, [...half(0), ...half(1)])));
    await weir.committed(fresh, 2 * PARTITIONS * HALF);
    await weir.drain(fresh);
    const outcome = await outcomeOf(weir, fresh);
    for (const reason of ['late', 'bad_json'])
      expect(outcome.rejected).toContainEqual(expect.objectContaining({ reason }));
    return new Operations(weir, postgresUrl, outcome);
  }

  /** Partition 1 is to pause, and its claim that says so is held. Partition 0 reads on. */
  async pause(): Promise<UnderWay> {
    const { name, topic } = await this.#halfRead('pause');
    const gate = await this.#close(progressGate.paused(name, 1));
    await this.#handle(name).executeUpdate('pause', { args: [{ partitions: [1] }] });
    await gate.reached();
    return {
      gate,
      goesOn: () => this.#phase(name, 1, 'paused'),
      check: async () => {
        await this.#weir.produce(topic, half(1));
        await this.#weir.committed(name, 3 * HALF);
        await this.#phase(name, 1, 'paused');
        expect((await this.#weir.progress(name)).map(({ read }) => read)).toEqual([2 * HALF, HALF]);
        await this.#handle(name).executeUpdate('resume');
        await this.#drained(name);
      },
    };
  }

  /** A paused job is to read on, and the claim of partition 1 that says so is held. */
  async resume(): Promise<UnderWay> {
    const { name, topic } = await this.#halfRead('resume');
    await this.#handle(name).executeUpdate('pause');
    for (const partition of [0, 1]) await this.#phase(name, partition, 'paused');
    await this.#weir.produce(topic, half(1));
    const gate = await this.#close(progressGate.paused(name, 1));
    const goesOn = await moves(this.#weir, { job: name, partition: 1, commits: 2 });
    await this.#handle(name).executeUpdate('resume');
    await gate.reached();
    return {
      gate,
      goesOn,
      check: async () => {
        await this.#weir.committed(name, 2 * PARTITIONS * HALF);
        await this.#drained(name);
      },
    };
  }

  /** The end of input has been asked for while partition 1, which has half of its log to read, is held in a commit. */
  async drainThatReads(): Promise<UnderWay> {
    const { name, topic } = await this.#halfRead('drain');
    const gate = await this.#closeCommit(name, 1);
    const goesOn = await moves(this.#weir, { job: name, partition: 1, commits: 2 });
    await this.#weir.produce(topic, half(1));
    await gate.reached();
    await this.#handle(name).executeUpdate('drain');
    return { gate, goesOn, check: () => this.#hasDrained(name) };
  }

  /** Everything is read, and partition 1 is held as it writes what was open. */
  async drainThatCloses(): Promise<UnderWay> {
    const name = await this.#allRead('close');
    const gate = await this.#closeCommit(name, 1);
    await this.#handle(name).executeUpdate('drain');
    await gate.reached();
    const goesOn = async (): Promise<void> => void (await this.#handle(name).result());
    return { gate, goesOn, check: () => this.#hasDrained(name) };
  }

  /** A replay has written some results again, and partition 1 is held in a commit. */
  async replay(): Promise<UnderWay> {
    const name = await this.#allRead('replay');
    const gate = await this.#close(progressGate.commit(name, 1, { epoch: 1, number: 2 }));
    await this.#handle(name).executeUpdate('replay', { args: [REPLAY] });
    await gate.reached();
    return {
      gate,
      goesOn: await moves(this.#weir, { job: name, partition: 1, commits: 2 }),
      check: () => this.#hasReplayed(name),
    };
  }

  /** A replay is held as it stops the epoch before it. */
  async replayThatBegins(): Promise<UnderWay> {
    const name = await this.#allRead('begin');
    const gate = await this.#close(progressGate.stopped(name, 1));
    const asked = await this.#handle(name).startUpdate('replay', {
      args: [REPLAY],
      waitForStage: 'ACCEPTED',
    });
    await gate.reached();
    return {
      gate,
      goesOn: await moves(this.#weir, { job: name, partition: 1, commits: 2 }),
      check: async () => {
        expect(await asked.result()).toMatchObject({ job: name, epoch: 1 });
        await this.#hasReplayed(name);
      },
    };
  }

  /** {@link resendUnderWay} */
  resend(): Promise<UnderWay> {
    return resendUnderWay(this.#weir, this.#postgresUrl);
  }

  #handle(name: string): WorkflowHandle {
    return this.#weir.client.workflow.getHandle(name);
  }

  #close(name: string): Promise<Gate> {
    return closeGate(this.#weir.pool, this.#postgresUrl, name);
  }

  /** Holds the next commit of a partition. */
  async #closeCommit(job: string, partition: number): Promise<Gate> {
    const { number } = (await this.#weir.progress(job))[partition]!;
    return this.#close(progressGate.commit(job, partition, { epoch: 0, number }));
  }

  async #halfRead(prefix: string): Promise<{ name: string; topic: string }> {
    const topic = await this.#weir.topic(PARTITIONS, half(0));
    const name = uniqueName(prefix);
    await this.#weir.start(name, input(topic));
    await this.#weir.committed(name, PARTITIONS * HALF);
    return { name, topic };
  }

  async #allRead(prefix: string): Promise<string> {
    const topic = await this.#weir.topic(PARTITIONS, [...half(0), ...half(1)]);
    const name = uniqueName(prefix);
    await this.#weir.start(name, input(topic));
    await this.#weir.committed(name, 2 * PARTITIONS * HALF);
    return name;
  }

  async #phase(name: string, partition: number, wanted: string): Promise<void> {
    const handle = this.#handle(`${name}/${partition}`);
    await eventually(
      `${name}/${partition} to be ${wanted}`,
      async () => (await handle.query<{ phase: string }>('progress')).phase === wanted,
      LIMIT_MS,
    );
  }

  async #drained(name: string): Promise<void> {
    await this.#handle(name).executeUpdate('drain');
    await this.#hasDrained(name);
  }

  async #hasDrained(name: string): Promise<void> {
    await this.#handle(name).result();
    expect(await outcomeOf(this.#weir, name)).toEqual(this.#fresh);
  }

  async #hasReplayed(name: string): Promise<void> {
    await eventually(
      'the replay to be over',
      async () => {
        const { rows } = await this.#weir.pool.query(
          `select bool_and("offset" >= (rewrite ->> 'untilOffset')::bigint) as done from weir.progress where job = $1 and epoch = 1`,
          [name],
        );
        return rows[0].done as boolean | null;
      },
      LIMIT_MS,
    );
    await this.#drained(name);
  }
}

async function outcomeOf(weir: Weir, job: string): Promise<Outcome> {
  const counters = await weir.pool.query(
    `select partition, "offset", read, accepted, late, rejected from weir.progress
     where job = $1 and epoch = (select epoch from weir.job where name = $1) order by partition`,
    [job],
  );
  return {
    rows: await weir.view(job),
    rejected: (await weir.rejected(job)).map(({ partition, offset, reason }) => ({
      partition,
      offset,
      reason,
    })),
    counters: counters.rows,
  };
}
