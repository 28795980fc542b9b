import { latencies } from '../latency.js';
import type { World } from '../world.js';
import { buildEngine, type Workshop } from './build.js';
import { ENGINES, type EngineName, type JobName } from './engines.js';
import { exactRows } from './exact.js';
import type { Measured } from './measured.js';
import { compare, emptyTables, type Source } from './results.js';
import { latencyOfPeer, runPeer, type Peer } from './runPeer.js';
import { runWeir } from './runWeir.js';
import { START_UP_EVENTS, type Row } from './table.js';
import { closedBefore, peerTopic } from './topics.js';

type Who = 'weir' | EngineName;

/** The engines, one after the other, at one job after the other. Whatever fails is a note in the row; the rest goes on. */
export class Comparison {
  readonly #world: World;
  readonly #shop: Workshop;
  readonly #events: number;
  /** CPU seconds. */
  readonly #temporalStartUp: number;
  readonly #rows: Row[];
  /** Rejects when the signal comes. */
  readonly #stopped: Promise<never>;

  constructor(given: {
    world: World;
    shop: Workshop;
    events: number;
    temporalStartUp: number;
    /** Where the rows go: what is there when it is interrupted can be shown. */
    rows: Row[];
  }) {
    this.#world = given.world;
    this.#shop = given.shop;
    this.#events = given.events;
    this.#temporalStartUp = given.temporalStartUp;
    this.#rows = given.rows;
    const { signal } = given.shop;
    this.#stopped = new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    this.#stopped.catch(() => undefined); // nobody may be waiting just then
  }

  /** CPU, memory and rows of all that have the job. */
  async job(job: JobName, who: readonly Who[]): Promise<void> {
    const those = who.filter((each) => each === 'weir' || ENGINES[each].jobs.includes(job));
    if (those.length === 0) return;
    const sizes = [START_UP_EVENTS, this.#events, 3 * this.#events] as const;
    const topics: string[] = [];
    for (const events of sizes) topics.push(await this.#unlessStopped(peerTopic(this.#world, job, events)));
    const exact = await this.#unlessStopped(exactRows(this.#world, job, topics[1]!));
    for (const each of those) {
      const row = this.#rowOf(job, each);
      await this.#noting(row, async () => {
        const run = await this.#runnerOf(job, each);
        row.startUp = await run(topics[0]!, sizes[0]);
        row.measured = await run(topics[1]!, sizes[1], async (source) => {
          row.results = await compare(this.#world.db, {
            job,
            source,
            exact,
            closedBefore: closedBefore(this.#events),
          });
        });
        row.thrice = await run(topics[2]!, sizes[2]);
      });
    }
  }

  /** Added to the rows of hits: the job measured is hits, in windows of 10 s. */
  async latency(who: readonly Who[]): Promise<void> {
    for (const each of who) {
      const row = this.#rowOf('hits', each);
      await this.#noting(row, async () => {
        if (each === 'weir') {
          this.#world.say('weir: latency');
          const { p50Ms, p99Ms, wrong } = await this.#unlessStopped(latencies(this.#world));
          row.latency = { p50Ms, p99Ms };
          row.notes.push(...wrong);
        } else {
          await emptyTables(this.#world.db);
          row.latency = await latencyOfPeer(await this.#peer(each));
        }
      });
    }
  }

  /** How to run a job over a topic; `look` is called while its rows are there. */
  async #runnerOf(
    job: JobName,
    who: Who,
  ): Promise<(topic: string, events: number, look?: (source: Source) => Promise<void>) => Promise<Measured>> {
    const peer = who === 'weir' ? null : await this.#peer(who);
    return async (topic, events, look) => {
      const run = `${who}-${job}-${events}`;
      await emptyTables(this.#world.db);
      const measured =
        peer === null
          ? await this.#unlessStopped(
              runWeir(this.#world, { job, topic, run, temporalStartUp: this.#temporalStartUp }),
            )
          : await runPeer(peer, { job, topic, run, events });
      await look?.({ of: peer === null ? 'weir' : 'peers', name: run });
      return measured;
    };
  }

  async #peer(name: EngineName): Promise<Peer> {
    return { name, built: await buildEngine(this.#shop, name), shop: this.#shop, world: this.#world };
  }

  #rowOf(job: JobName, who: Who): Row {
    const engine = who === 'weir' ? who : ENGINES[who].title;
    const known = this.#rows.find((row) => row.job === job && row.engine === engine);
    if (known !== undefined) return known;
    const row: Row = { job, engine, notes: [] };
    this.#rows.push(row);
    return row;
  }

  async #noting(row: Row, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#shop.signal.throwIfAborted();
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      this.#world.say(`${row.engine}, ${row.job}: ${String(error)}`);
      row.notes.push(`failed: ${reason}`);
    }
  }

  /** Does not wait for work that cannot be stopped. */
  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped]);
  }
}
