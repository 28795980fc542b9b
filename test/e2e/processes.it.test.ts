/** `weir worker --processes`: several workers on one host. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const COMMAND = new URL('../../bin/weir.mjs', import.meta.url).pathname;

describe.skipIf(process.platform !== 'linux')('several worker processes', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
  });
  afterAll(() => weir.close());

  function start(processes: number, env: NodeJS.ProcessEnv = weir.env) {
    const parent = spawn(process.execPath, [COMMAND, 'worker', '--processes', String(processes)], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    parent.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const exited = new Promise<number | null>((resolve) => parent.once('exit', resolve));
    const ready = (times: number) =>
      eventually(`${times} workers to be ready`, () =>
        Promise.resolve(log.split('worker ready').length > times),
      );
    return { parent, exited, ready, log: () => log };
  }

  it('share the partitions of a job, are started again when they die, and stop together', async () => {
    const { parent, exited, ready, log } = start(2);
    await ready(2);
    expect(log()).toMatch(/^\[1\] worker ready/m);
    expect(log()).toMatch(/^\[2\] worker ready/m);
    const topic = await weir.topic(
      4,
      Array.from({ length: 400 }, (_, i) => ({
        ...hit({ time: Date.UTC(2026, 0, 1) + i * 100 }),
        partition: i % 4,
      })),
    );
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, 400);

    const children = await childrenOf(parent.pid!);
    expect(children).toHaveLength(2);
    process.kill(children[0]!, 'SIGKILL');
    await ready(3);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(400);

    const last = await childrenOf(parent.pid!);
    parent.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(last.filter(isAlive)).toEqual([]);
  });

  it('end when the process that started them is killed', async () => {
    const { parent, ready } = start(2);
    await ready(2);
    const children = await childrenOf(parent.pid!);
    parent.kill('SIGKILL');
    await eventually('them to end', () => Promise.resolve(!children.some(isAlive)));
  });

  it('are not started with a configuration that is not right', async () => {
    const { exited, log } = start(2, { ...weir.env, WEIR_ACTIVITY_SLOTS: 'many' });
    expect(await exited).toBe(2);
    expect(log()).toContain('WEIR_ACTIVITY_SLOTS');
  });
});

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
