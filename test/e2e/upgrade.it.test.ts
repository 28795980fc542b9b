/** A new build of weir takes over jobs that are running (docs/operations.md, upgrades). */
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { otherBuild } from '../support/otherBuild.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';
import { startWorkerProcess } from '../support/workerProcess.js';

const FIRST = Date.UTC(2026, 0, 1);
const COUNT = 1200;
const SLOW = { timeout: 150_000 };
const NONDETERMINISM =
  temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;

describe('an upgrade of a running job', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
  });
  afterAll(() => weir.close());

  const records = Array.from({ length: COUNT }, (_, i) => ({
    ...hit({ time: FIRST + i * 700 - (i % 5) * 800, host: `h${i % 4}`, referrer: `r${i % 9}` }),
    partition: i % 2,
  }));
  const third = (which: number) => records.slice((which * COUNT) / 3, ((which + 1) * COUNT) / 3);
  const handle = (id: string, runId?: string) => weir.client.workflow.getHandle(id, runId);
  const runOf = async (id: string) => (await handle(id).describe()).runId;
  const eventsOf = async (id: string, runId: string) => (await handle(id, runId).fetchHistory()).events!;
  const lastWorkerOf = async (id: string, runId: string) =>
    (await eventsOf(id, runId)).findLast((event) => event.workflowTaskCompletedEventAttributes)
      ?.workflowTaskCompletedEventAttributes?.identity;

  const start = async (more: { workflowRunTimeout?: '30s' } = {}) => {
    const topic = await weir.topic(2, third(0));
    const name = uniqueName('hits');
    await weir.client.workflow.start('pipeline', {
      workflowId: name,
      taskQueue: weir.taskQueue,
      args: [{ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off', maxBatchEvents: 100 }],
      ...more,
    });
    await weir.committed(name, COUNT / 3);
    return { name, topic, partitions: [`${name}/0`, `${name}/1`] };
  };
  /** Lets a partition continue as new; resolves with the new run when it reads. */
  const continued = async (name: string, id: string, lingerMs: number) => {
    const before = await runOf(id);
    await handle(id).signal('configure', { ...(await weir.jobOf(name)), lingerMs });
    return eventually('the next run to read', async () => {
      const now = await runOf(id);
      const activities = (await eventsOf(id, now)).map((event) => event.activityTaskScheduledEventAttributes);
      return now !== before && activities.some((activity) => activity?.activityType?.name === 'poll') && now;
    });
  };
  const endsExactly = async (name: string, topic: string) => {
    await weir.drain(name);
    const exact = await exactPass(weir.kafka, topic, 60_000);
    expect(exact.records).toBe(COUNT);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
    expect((await weir.progress(name)).map(({ read, late }) => [read, late])).toEqual([
      [COUNT / 2, 0],
      [COUNT / 2, 0],
    ]);
  };

  it(
    'goes on in the very runs that the older build has begun, and takes what is new with the next ones',
    SLOW,
    async () => {
      const file = await otherBuild(`if (patched('newer')) await sleep(1);`);
      const older = await startWorkerProcess(weir.env);
      const { name, topic, partitions } = await start();
      const runs = await Promise.all(partitions.map(runOf));

      // A rolling upgrade: both builds are at work.
      const newer = await startWorkerProcess(weir.env, { file });
      await weir.produce(topic, third(1));
      await weir.committed(name, (COUNT / 3) * 2);
      expect(await older.stop()).toBe('code 0');
      await weir.produce(topic, third(2));
      await weir.committed(name, COUNT);
      for (const [i, id] of partitions.entries()) {
        expect(await runOf(id)).toBe(runs[i]);
        expect(await lastWorkerOf(id, runs[i]!)).toBe(newer.identity);
        const next = await continued(name, id, 60);
        const events = await eventsOf(id, next);
        expect(events.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes)).toBe(true);
      }
      await endsExactly(name, topic);
      await newer.stop();
    },
  );

  it(
    'that has changed workflows without a patch holds partitions up until their run time-out, and no longer',
    SLOW,
    async () => {
      const file = await otherBuild('await sleep(1);');
      const older = await startWorkerProcess(weir.env);
      const { name, topic, partitions } = await start({ workflowRunTimeout: '30s' });
      const runs = await Promise.all(partitions.map((id) => continued(name, id, 60)));
      expect(await older.stop()).toBe('code 0');
      const newer = await startWorkerProcess(weir.env, { file });
      await weir.produce(topic, [...third(1), ...third(2)]);
      await weir.committed(name, COUNT, 90_000);
      for (const [i, id] of partitions.entries()) {
        expect((await handle(id, runs[i]).describe()).status.name).toBe('TIMED_OUT');
        const failed = (await eventsOf(id, runs[i]!)).flatMap(
          ({ workflowTaskFailedEventAttributes: failure }) => (failure ? [failure.cause] : []),
        );
        expect(failed).toContain(NONDETERMINISM);
      }
      await endsExactly(name, topic);
      await newer.stop();
    },
  );
});
