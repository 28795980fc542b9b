/** One partition with 200,000 sessions open at once: what its state costs, and how it comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { brotliCodec } from '../src/io/payload/codec.js';
import { differencesOfSessions, sessionsOfTopic } from './exactSessions.js';
import { historyOf, type History } from './history.js';
import { startJob, type RunningJob } from './job.js';
import { fillTopic, type OpenVisits } from './openVisits.js';
import { cpuSecondsOf, peakMemoryOf } from './processes.js';
import { percentile, target, type Figure, type Outcome } from './report.js';
import type { WorkerProcess } from './worker.js';
import type { World } from './world.js';

const VISITORS = 200_000;
const FILL = { visitors: VISITORS, events: 1_000_000, spanMs: 180_000 };
const GAP_MS = 600_000;
const DELAY_MS = 30_000;
const LIVE_PER_SECOND = 2000;
const STEADY_MS = 10_000;
const RUNS = 3;
const KILLS = 3;
const QUERIES = 10;
const BACK_WITHIN_SECONDS = 15;
/** What a killed worker had sent to Postgres is there by then, and a new worker has done nothing yet. */
const SETTLE_MS = 200;
const MIB = 2 ** 20;
const MB = 1_000_000;

export async function measureOpenSessions(world: World): Promise<Outcome> {
  const visits = await fillTopic(world, FILL);
  const measurement = new Measurement(world, visits, await world.startWorker());
  await measurement.fill();
  const traffic = visits.goOn(LIVE_PER_SECOND);
  await measurement.steady();
  await measurement.query();
  for (let run = 1; run <= RUNS; run++) await measurement.continueAsNew(run);
  await measurement.stateSize();
  await measurement.kill();
  await measurement.terminate();
  await traffic.stop();
  return measurement.drain();
}

class Measurement {
  readonly #world: World;
  readonly #visits: OpenVisits;
  readonly #name = `open-${Date.now()}`;
  readonly #figures: Figure[] = [];
  readonly #toRun: number[] = [];
  readonly #toCommit: number[] = [];
  #worker: WorkerProcess;
  #job!: RunningJob;
  #peakBytes = 0;

  constructor(world: World, visits: OpenVisits, worker: WorkerProcess) {
    this.#world = world;
    this.#visits = visits;
    this.#worker = worker;
  }

  async fill(): Promise<void> {
    const start = Date.now();
    const cpu = await this.#cpu();
    await this.#startJob('1s');
    const { events } = this.#visits;
    const [read] = await this.#job.until((found) => found[0]?.offset === events, {
      ms: 300_000,
      what: 'the fill to be read',
    });
    const seconds = (read!.at - start) / 1000;
    this.#tell('filling, events/s', `${Math.round(events / seconds / 1000)} k`);
    this.#tell('  CPU s: worker, Temporal, Postgres', since(cpu, await this.#cpu()));
    await this.#notePeak();
    this.#tell('  worker memory, peak', `${Math.round(this.#peakBytes / MIB)} MB`);
  }

  /** Live traffic while everything is open. */
  async steady(): Promise<void> {
    this.#world.say(`live traffic for ${STEADY_MS / 1000} s`);
    await sleep(2000); // until it is steady
    const [before, cpu] = [await this.#job.committed(), await this.#cpu()];
    await sleep(STEADY_MS);
    const [after, now] = [await this.#job.committed(), await this.#cpu()];
    const batches = after[0]!.number - before[0]!.number; // at the end of the log each batch is committed
    const ms = ((now.worker - cpu.worker) * 1000) / batches;
    this.#tell(
      `${LIVE_PER_SECOND} events/s, worker CPU per batch and commit`,
      `${Math.round(ms)} ms; ${batches} in ${STEADY_MS / 1000} s`,
    );
    this.#tell('  CPU s: worker, Temporal, Postgres', since(cpu, now));
  }

  async query(): Promise<void> {
    const partition = this.#world.client.workflow.getHandle(`${this.#name}/0`);
    const took: number[] = [];
    for (let i = 0; i < QUERIES; i++) {
      const start = performance.now();
      await partition.query('progress');
      took.push(performance.now() - start);
      await sleep(300);
    }
    took.sort((a, b) => a - b);
    const [median, most] = [percentile(took, 0.5), took.at(-1)!].map(Math.round);
    this.#tell('query of the partition, median / max', `${median} / ${most} ms`);
  }

  /** As a person makes it: the job is terminated, and started with another linger. */
  async continueAsNew(run: number): Promise<void> {
    const { client } = this.#world;
    const handle = client.workflow.getHandle(`${this.#name}/0`);
    const { runId } = await handle.describe();
    await client.workflow.getHandle(this.#name).terminate('another linger');
    await this.#startJob(`${1000 + run}ms`);
    const limit = Date.now() + 60_000;
    while ((await handle.describe()).runId === runId) {
      if (Date.now() > limit) throw new Error('waited 60 s in vain for the partition to continue as new');
      await sleep(50);
    }
    const { startTime } = await handle.describe();
    const began = startTime.getTime();
    const { number } = (await this.#job.committed())[0]!;
    const [next] = await this.#job.until((found) => found[0]!.number > number && found[0]!.at > began, {
      ms: 60_000,
      what: 'the next commit',
    });
    const { events = [] } = await client.workflow.getHandle(`${this.#name}/0`, runId).fetchHistory();
    const signalled = events!.findLast((event) => event.workflowExecutionSignaledEventAttributes != null)!;
    const { seconds, nanos } = signalled.eventTime!;
    const wishedAt = Number(seconds) * 1000 + (nanos ?? 0) / 1e6;
    this.#toRun.push(began - wishedAt);
    this.#toCommit.push(next!.at - wishedAt);
    this.#world.say(
      `continued as new: ${Math.round(began - wishedAt)} ms, commit after ${Math.round(next!.at - wishedAt)} ms`,
    );
  }

  async stateSize(): Promise<void> {
    const worst = (of: number[]): string => `${(Math.max(...of) / 1000).toFixed(1)} s`;
    this.#tell(`continue-as-new, slowest of ${RUNS}: wish to the next run`, worst(this.#toRun));
    this.#tell('  to the next commit', worst(this.#toCommit));
    const { rows } = await this.#world.db.query<{ data: Buffer }>(
      'select data from weir.payload where workflow_id = $1 order by stored_at desc limit 1',
      [`${this.#name}/0`],
    );
    const { data } = rows[0]!;
    const { Payload } = proto.temporal.api.common.v1;
    const [payload] = await brotliCodec().decode([Payload.decode(data)]);
    const json = new TextDecoder().decode(payload!.data);
    const { state } = JSON.parse(json) as { state: { open: { segments: { keys: string[] } } } };
    this.#tell('state: open sessions', String(state.open.segments.keys.length));
    this.#tell('  JSON, stored', `${(json.length / MB).toFixed(1)} MB, ${(data.length / MB).toFixed(1)} MB`);
  }

  async kill(): Promise<void> {
    const took: number[] = [];
    while (took.length < KILLS) {
      await sleep(3000 * (1 + Math.random()));
      await this.#notePeak();
      const killedAt = Date.now();
      await this.#worker.kill();
      const started = this.#world.startWorker();
      took.push(await this.#secondsToCommit(killedAt));
      this.#worker = await started;
      this.#world.say(`killed: committed again after ${took.at(-1)!.toFixed(1)} s`);
    }
    this.#tell(
      `worker killed to the next commit, slowest of ${KILLS}`,
      `${Math.max(...took).toFixed(1)} s`,
      target(`${BACK_WITHIN_SECONDS} s`, Math.max(...took) <= BACK_WITHIN_SECONDS),
    );
  }

  /** Without any state in Temporal: everything is read from the log. */
  async terminate(): Promise<void> {
    const { client } = this.#world;
    const at = Date.now();
    await client.workflow.getHandle(this.#name).terminate('bench');
    await client.workflow.getHandle(`${this.#name}/0`).terminate('bench');
    await this.#startJob('1s');
    const seconds = await this.#secondsToCommit(at);
    this.#tell(
      `terminated, and rebuilt from ${this.#visits.events} records, to the next commit`,
      `${seconds.toFixed(1)} s`,
    );
    const { runs, bytes, events } = await this.#runsSince(at);
    this.#tell('  its history', `${(bytes / MB).toFixed(1)} MB, ${events} events in ${runs} runs`);
  }

  async drain(): Promise<Outcome> {
    const { topic, events } = this.#visits;
    await this.#job.until((found) => found[0]?.offset === events, {
      ms: 60_000,
      what: 'the rest to be read',
    });
    const cpu = await this.#cpu();
    const start = Date.now();
    const wrong = await this.#job.drain();
    this.#tell(`drain, ${VISITORS} rows in one commit`, `${((Date.now() - start) / 1000).toFixed(1)} s`);
    this.#tell('  CPU s: worker, Temporal, Postgres', since(cpu, await this.#cpu()));
    await this.#notePeak();
    await this.#worker.stop();
    const history = await historyOf(this.#world, this.#name);
    this.#tell('history', `${(history.bytes / MB).toFixed(1)} MB, ${history.events} events`);
    this.#tell('worker memory, peak of all of it', `${Math.round(this.#peakBytes / MIB)} MB`);
    const exact = await sessionsOfTopic(this.#world, {
      topic,
      gapMs: GAP_MS,
      delayMs: DELAY_MS,
      ends: [events],
    });
    wrong.push(...(await differencesOfSessions(this.#world, this.#name, exact)));
    if (exact.size !== VISITORS) wrong.push(`${exact.size} sessions were not ${VISITORS}, all open at once`);
    return { figures: this.#figures, wrong };
  }

  /** Runs of the partition that began at `from` or later. */
  async #runsSince(from: number): Promise<{ runs: number } & Pick<History, 'bytes' | 'events'>> {
    const { client } = this.#world;
    const sum = { runs: 0, bytes: 0, events: 0 };
    const query = `WorkflowId = "${this.#name}/0" AND StartTime >= "${new Date(from).toISOString()}"`;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      const { historyLength, historySize } = await client.workflow.getHandle(workflowId, runId).describe();
      sum.runs++;
      sum.events += historyLength;
      sum.bytes += historySize ?? 0;
    }
    return sum;
  }

  async #startJob(linger: string): Promise<void> {
    const { topic } = this.#visits;
    const input = { pipeline: 'sessions', topic, gap: `${GAP_MS}ms`, delay: `${DELAY_MS}ms`, idle: 'off' };
    this.#job = await startJob(this.#world, this.#name, { ...input, linger });
  }

  /** What was sent before `from` may still arrive: it does not count. */
  async #secondsToCommit(from: number): Promise<number> {
    await sleep(SETTLE_MS);
    const { number } = (await this.#job.committed())[0]!;
    const [next] = await this.#job.until((found) => found[0]!.number > number, {
      ms: 120_000,
      what: 'the next commit',
    });
    return (next!.at - from) / 1000;
  }

  async #notePeak(): Promise<void> {
    this.#peakBytes = Math.max(this.#peakBytes, await peakMemoryOf(this.#worker.pid));
  }

  async #cpu(): Promise<Cpu> {
    const { servers } = this.#world;
    return {
      worker: await cpuSecondsOf(this.#worker.pid),
      temporal: await cpuSecondsOf(servers.temporal),
      postgres: await cpuSecondsOf(servers.postgres),
    };
  }

  #tell(figure: string, measured: string, reach?: Figure['target']): void {
    this.#world.say(`${figure}: ${measured}`);
    this.#figures.push({ figure: `open: ${figure}`, measured, ...(reach && { target: reach }) });
  }
}

type Cpu = Record<'worker' | 'temporal' | 'postgres', number>;

function since(before: Cpu, now: Cpu): string {
  return (['worker', 'temporal', 'postgres'] as const)
    .map((name) => (now[name] - before[name]).toFixed(1))
    .join(', ');
}
