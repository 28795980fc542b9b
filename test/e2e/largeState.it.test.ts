/** A partition whose state is larger than what Temporal takes goes from run to run through weir.payload. */
import { randomBytes } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataConverter } from '../../src/io/payload/dataConverter.js';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { replay } from '../support/replay.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
const WINDOW_MS = 3_600_000;
const GROUPS = 6000;
const RUNS = 3;

interface RecordedEvent {
  eventType: string;
  workflowExecutionStartedEventAttributes?: { input: { payloads: { metadata: object; data: string }[] } };
}

describe('a state above 1 MiB after compression', () => {
  const { codecAddress } = sharedStack();
  let weir: Weir;
  let topic: string;
  let name: string;
  let partition: WorkflowHandle;

  // Random referrers of 500 characters, all of them in one window that stays open.
  const records = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      hit({ time: FIRST + i, referrer: randomBytes(250).toString('hex') }),
    );

  const startJob = async () => {
    topic = await weir.topic(1, records(GROUPS));
    name = uniqueName('hits');
    partition = weir.client.workflow.getHandle(`${name}/0`);
    await weir.start(name, { pipeline: 'hits', topic, size: '1h', idle: 'off' });
    await weir.committed(name, GROUPS, 60_000);
  };

  /** Makes the partition continue as new, by telling it other limits. */
  const continueAsNew = async () => {
    const { runId } = await partition.describe();
    await partition.signal('configure', { ...(await weir.jobOf(name)), lingerMs: 50 });
    await eventually('the next run', async () => (await partition.describe()).runId !== runId);
  };

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    await startJob();
  });
  afterAll(() => weir.close());

  const stored = async () => {
    const { rows } = await weir.pool.query(
      `select encode(id, 'hex') as id, run_id, octet_length(data) as bytes from weir.payload
       where workflow_id = $1 order by stored_at`,
      [`${name}/0`],
    );
    return rows as { id: string; run_id: string | null; bytes: number }[];
  };

  /** The history of the newest run as the command shows it. */
  const history = async (...flags: string[]): Promise<{ text: string; events: RecordedEvent[] }> => {
    const text = await weir.temporal('workflow', 'show', '-w', `${name}/0`, '-o', 'json', ...flags);
    return { text, events: (JSON.parse(text) as { events: RecordedEvent[] }).events };
  };

  it('is carried from run to run; every run goes on where the last one stood', async () => {
    for (let run = 1; run <= RUNS; run++) {
      await continueAsNew();
      await weir.produce(topic, records(1));
      await weir.committed(name, GROUPS + run);
      const polled = JSON.stringify(await partition.fetchHistory());
      expect(polled).toContain(btoa(`"partition 0 from ${GROUPS + run - 1}"`));
      expect(polled).not.toContain(btoa('"partition 0 from 0"'));
    }
  });

  it('is stored once for each run, as an input that no run has', async () => {
    const rows = await stored();
    expect(rows).toHaveLength(RUNS);
    for (const { run_id, bytes } of rows) {
      expect(run_id).toBeNull();
      expect(bytes).toBeGreaterThan(1024 * 1024);
    }
  });

  it('leaves history small', async () => {
    const { text } = await history();
    expect(text.length).toBeLessThan(100_000);
    const { historySize } = await partition.describe();
    expect(historySize).toBeLessThan(50_000);
  });

  it('answers queries, and is where it was for a worker that has to fetch it', async () => {
    await weir.stopWorker();
    await weir.startWorker();
    expect(await partition.query('progress')).toMatchObject({ offset: GROUPS + RUNS });
  });

  it('is a reference for who has no codec server', async () => {
    const { events } = await history();
    const newest = (await stored()).at(-1)!;
    const { input } = events[0]!.workflowExecutionStartedEventAttributes!;
    expect(JSON.parse(atob(input.payloads[0]!.data))).toMatchObject({
      driverName: 'weir-pg',
      claimData: { id: newest.id },
    });
  });

  it('is shown by the command with a codec server, in a history that replays without any storage', async () => {
    const { text, events } = await history('--codec-endpoint', codecAddress);
    const started = events[0]!.workflowExecutionStartedEventAttributes!;
    const { state } = JSON.parse(atob(started.input.payloads[0]!.data)) as {
      state: { offset: number; open: { names: string[] } };
    };
    expect(state.offset).toBe(GROUPS + RUNS - 1);
    expect(state.open.names).toHaveLength(GROUPS + RUNS); // the host and, so far, one referrer fewer than records
    await replay({ workflowId: `${name}/0`, history: JSON.parse(text) });
  });

  it('replays from its references, with the storage', async () => {
    const { text } = await history();
    const run = { workflowId: `${name}/0`, history: JSON.parse(text) as unknown };
    await replay(run, dataConverter(weir.pool));
    await expect(replay(run)).rejects.toThrow(/external storage/i);
  });

  const expectExactRows = async (count: number) => {
    const exact = await exactPass(weir.kafka, topic, WINDOW_MS);
    expect(exact.records).toBe(count);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
  };

  it('gives exactly the rows of its log', async () => {
    await weir.drain(name);
    await expectExactRows(GROUPS + RUNS);
  });

  it('that is lost is read from the log again, when the workflow that needs it was terminated', async () => {
    await startJob();
    await continueAsNew();
    await weir.stopWorker();
    await weir.pool.query('delete from weir.payload where workflow_id = $1', [`${name}/0`]);
    await weir.produce(topic, records(1));
    await weir.startWorker();
    await eventually('the worker to say what is missing', async () =>
      (await weir.workerLog()).includes('is not in weir.payload any more'),
    );
    await partition.terminate();
    await weir.drain(name);
    await expectExactRows(GROUPS + 1);
  });
});
