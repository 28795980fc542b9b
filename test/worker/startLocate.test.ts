import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { startLocate } from '../../src/worker/startLocate.js';

/** A client whose `start` does what `outcomes` say, one after the other, and then for ever the last. */
function clientThat(...outcomes: (() => Promise<unknown>)[]) {
  const calls: unknown[][] = [];
  const start = (...call: unknown[]) => {
    calls.push(call);
    return outcomes[Math.min(calls.length, outcomes.length) - 1]!();
  };
  return { calls, client: { workflow: { start } } as unknown as Client };
}

const away = () => Promise.reject(new Error('Temporal is away'));
const started = () => Promise.resolve({});

it('starts the one workflow of that name, or leaves it as it runs', async () => {
  const { client, calls } = clientThat(started);
  const stop = startLocate(client, { taskQueue: 'q', log: () => {} });
  await stop();
  expect(calls).toEqual([
    [
      'locate',
      expect.objectContaining({
        workflowId: 'weir/locate',
        taskQueue: 'q',
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    ],
  ]);
});

it('tries again while Temporal is away, and says so once', async () => {
  const lines: string[] = [];
  let done = () => {};
  const last = new Promise<void>((resolve) => (done = resolve));
  const { client, calls } = clientThat(away, away, away, () => {
    done();
    return started();
  });
  const stop = startLocate(client, { taskQueue: 'q', log: (line) => lines.push(line), againMs: 1 });
  await last;
  await stop();
  expect(calls).toHaveLength(4);
  expect(lines).toEqual(['weir/locate cannot be started yet: Temporal is away']);
});

it('ends with the worker, also while it waits', async () => {
  const { client, calls } = clientThat(away);
  const stop = startLocate(client, { taskQueue: 'q', log: () => {}, againMs: 3_600_000 });
  await stop();
  expect(calls).toHaveLength(1);
});
