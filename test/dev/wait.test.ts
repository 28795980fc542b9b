import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { waitFor } from '../../src/dev/wait.js';

let folder: string;
let logFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-wait-'));
  logFile = join(folder, 'broker.log');
});
afterEach(() => rm(folder, { recursive: true }));

const never = async () => {
  throw new Error('connection refused');
};

test('it waits until the check passes', async () => {
  let checks = 0;
  const third = async () => {
    if (++checks < 3) await never();
  };
  await waitFor({ what: 'the broker', limitMs: 10_000, check: third });
  expect(checks).toBe(3);
});

test('at the limit the error says what was awaited, why it did not come, and the last 20 lines of the log', async () => {
  await writeFile(logFile, Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`).join(''));
  const error = await waitFor({ what: 'the broker', limitMs: 1, check: never, logFile }).catch(String);
  expect(error).toContain(
    `Waited for the broker: not within 0.001 s (connection refused)\nLast lines of ${logFile}:\n  line 11\n`,
  );
  expect(error).toMatch(/ {2}line 30$/);
});

test('a process that has ended is not waited for', async () => {
  const hopeless = () => 'it ended with code 1';
  await expect(
    waitFor({ what: 'the broker', limitMs: 60_000, check: never, hopeless, logFile }),
  ).rejects.toThrow(`Waited for the broker: it ended with code 1\nLast lines of ${logFile}:\n  (empty)`);
});

test('an abort ends the wait with its reason', async () => {
  const reason = new Error('Ctrl-C');
  const wait = waitFor({
    what: 'the broker',
    limitMs: 60_000,
    check: never,
    signal: AbortSignal.abort(reason),
  });
  await expect(wait).rejects.toBe(reason);
});
