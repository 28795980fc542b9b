/** Two workers, as on two hosts, share a job's partitions and are restarted one after the other under traffic. */
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWriter } from '../../src/io/kafka/writer.js';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';
import { startWorkerProcess } from '../support/workerProcess.js';

const PARTITIONS = 8;
const FIRST = Date.UTC(2026, 0, 1);
/** Event time runs this much faster than the clock: windows close all the time. */
const SPEED = 30;
const START_TO_CLOSE = temporal.api.enums.v1.TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE;

describe('a rolling restart', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
  });
  afterAll(() => weir.close());

  it('of two workers that share the partitions loses nothing, doubles nothing, and no partition waits for a time-out or a retry', async () => {
    const workers = [await startWorkerProcess(weir.env), await startWorkerProcess(weir.env)];
    const topic = await weir.topic(PARTITIONS);
    const name = uniqueName('hits');
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => `${name}/${partition}`);
    // Runs are short, so that partitions change hands often.
    await weir.client.workflow.start('pipeline', {
      workflowId: name,
      taskQueue: weir.taskQueue,
      args: [{ pipeline: 'hits', topic, size: '10s', delay: '5s', idle: 'off' }],
      workflowRunTimeout: '40s',
    });
    const ended = new Map<string, number>();
    const traffic = produceUntilStopped(topic);
    try {
      await allCommit(name);
      await eventually(
        'each worker to have partitions',
        async () => {
          const holders = await Promise.all(partitions.map(holderOf));
          return workers.every(({ identity }) => holders.includes(identity));
        },
        120_000,
      );
      for (const [i, worker] of workers.entries()) {
        expect(await worker.stop()).toBe('code 0');
        ended.set(worker.identity, Date.now());
        workers[i] = await startWorkerProcess(weir.env);
        await allCommit(name);
      }
    } finally {
      await traffic.stop();
    }
    await weir.drain(name);
    const exact = await exactPass(weir.kafka, topic, 10_000);
    expect(exact.records).toBeGreaterThan(1000);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
    const waits = await Promise.all(partitions.map((id) => waitsOf(id, ended)));
    expect(waits.flat()).toEqual([]);
    for (const worker of workers) expect(await worker.stop()).toBe('code 0');
  });

  /** Waits until every partition has committed what it had not committed before. */
  async function allCommit(name: string): Promise<void> {
    const numbers = async () => (await weir.progress(name)).map(({ number }) => number);
    const before = await numbers();
    await eventually('every partition to commit', async () => {
      const now = await numbers();
      return now.length === PARTITIONS && now.every((number, partition) => number > (before[partition] ?? 0));
    });
  }

  /** The worker that has the partition's poll. */
  async function holderOf(id: string): Promise<string | undefined> {
    const { raw } = await weir.client.workflow.getHandle(id).describe();
    return raw.pendingActivities?.[0]?.lastWorkerIdentity ?? undefined;
  }

  /** Of all runs: activities that were tried again or lost, and workflow tasks whose worker had ended meanwhile. */
  async function waitsOf(id: string, ended: Map<string, number>): Promise<string[]> {
    const found: string[] = [];
    for await (const { runId } of weir.client.workflow.list({ query: `WorkflowId = "${id}"` })) {
      const { events } = await weir.client.workflow.getHandle(id, runId).fetchHistory();
      let task = { worker: '', from: 0 };
      for (const event of events!) {
        const { lastFailure } = event.activityTaskStartedEventAttributes ?? {};
        const failure = lastFailure ?? event.activityTaskTimedOutEventAttributes?.failure;
        if (failure) found.push(`${id}: ${failure.message}`);
        const at = Number(event.eventTime!.seconds) * 1000 + Number(event.eventTime!.nanos) / 1e6;
        const taken = event.workflowTaskStartedEventAttributes;
        if (taken) task = { worker: taken.identity!, from: at };
        // One that takes long in a living worker only says that the machine is busy.
        const { timeoutType } = event.workflowTaskTimedOutEventAttributes ?? {};
        const end = ended.get(task.worker) ?? Infinity;
        if (timeoutType === START_TO_CLOSE && task.from < end && end < at)
          found.push(`${id}: a workflow task`);
      }
    }
    return found;
  }

  function produceUntilStopped(topic: string): { stop(): Promise<void> } {
    const stop = new AbortController();
    const began = Date.now();
    const done = (async () => {
      const writer = await openWriter(weir.kafka, topic);
      while (!stop.signal.aborted) {
        const time = FIRST + (Date.now() - began) * SPEED;
        await writer.write(
          Array.from({ length: 2 * PARTITIONS }, (_, i) => ({
            ...hit({ time: time - (i % 5) * 900, host: `h${i % 3}`, referrer: `r${i % 7}` }),
            partition: i % PARTITIONS,
          })),
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await writer.close();
    })();
    return {
      stop: () => {
        stop.abort();
        return done;
      },
    };
  }
});
