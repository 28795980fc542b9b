import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWrong, MEASUREMENTS, planOf } from '../../../bench/peers/command.js';
import { ENGINES } from '../../../bench/peers/engines.js';
import { missing, SHARED_FILES } from '../../../bench/peers/missing.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-test-peers-'));
  for (const file of [...SHARED_FILES, ...Object.values(ENGINES).flatMap(({ files }) => files)]) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), '');
  }
});
afterAll(() => rm(dir, { recursive: true }));

function bench(args: string[], env: Record<string, string>): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    const command = [join(ROOT, 'node_modules/.bin/tsx'), join(ROOT, 'bench/main.ts'), ...args];
    execFile(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...env } }, (error, _, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    );
  });
}

describe.runIf(process.platform === 'linux')('npm run bench -- --peers', () => {
  it('says what is missing and exits 2 where the folder of the peers is not there', async () => {
    const nowhere = join(dir, 'nowhere');
    const { code, stderr } = await bench(['--peers'], { PEERS_DIR: nowhere });
    expect(code).toBe(2);
    expect(stderr).toContain('It lacks:');
    expect(stderr).toContain(`the folder ${nowhere} with the peers: set PEERS_DIR`);
  });

  it('exits 2 with how it is used where it is asked for what it does not have', async () => {
    const { code, stderr } = await bench(['--peers', 'recovery'], {});
    expect(code).toBe(2);
    expect(stderr).toContain('npm run bench -- --peers [hits|sessions|clicks|latency…]');
  });
});

describe('what is missing', () => {
  it('is nothing where all files and programs are there', async () => {
    const tools = join(dir, 'bin');
    await mkdir(tools);
    for (const tool of ['java', 'javac', 'jar', 'mvn', 'python3'])
      await writeFile(join(tools, tool), '', { mode: 0o755 });
    expect(await missing(dir, ['spark', 'flink', 'kstreams'], { PATH: tools })).toEqual([]);
  });

  it('names each file and each program of the engines that are asked for', async () => {
    const half = join(dir, 'half');
    await cp(join(dir, 'flink'), join(half, 'flink'), { recursive: true });
    await rm(join(half, 'flink/pom.xml'));
    const lines = await missing(half, ['flink'], { PATH: '' });
    const files = [...SHARED_FILES, 'flink/pom.xml'].map((file) => `the file ${join(half, file)}`);
    const tools = ['java', 'javac', 'mvn', 'python3'].map((tool) => `the program ${tool}, on the PATH`);
    expect(lines).toEqual([...files, ...tools]);
  });
});

describe('what is compared', () => {
  it('is everything, with a million events, when nothing is said', () => {
    expect(planOf({ measurements: [] })).toEqual({
      measurements: MEASUREMENTS,
      who: ['weir', 'spark', 'flink', 'kstreams'],
      events: 1_000_000,
    });
  });

  it('can be narrowed', () => {
    expect(planOf({ measurements: ['hits'], only: 'weir,flink', events: '100000' })).toEqual({
      measurements: ['hits'],
      who: ['weir', 'flink'],
      events: 100_000,
    });
  });

  it.each([
    [{ measurements: ['regroup'] }, 'hits, sessions, clicks, latency'],
    [{ measurements: [], only: 'storm' }, '--only takes'],
    [{ measurements: [], events: '99999' }, 'from 100000'],
    [{ measurements: [], events: 'many' }, 'whole number'],
    [{ measurements: [], events: '100000.5' }, 'whole number'],
  ])('%j is refused', (wishes, sentence) => {
    expect(planOf(wishes)).toContain(sentence);
  });
});

describe('the benchmark fails', () => {
  const results = { rows: 2, open: 0, lost: 0, checksum: '00000000', agrees: true };
  const weir = { job: 'hits', engine: 'weir', notes: [] };

  it('when rows of weir are not those of the exact pass, or its run failed', () => {
    expect(isWrong({ ...weir, results: { ...results, agrees: false } })).toBe(true);
    expect(isWrong({ ...weir, results: { ...results, lost: 1 } })).toBe(true);
    expect(isWrong({ ...weir, results, notes: ['failed: no broker'] })).toBe(true);
  });

  it('not when they are, when only latency was asked for, or when a peer loses or fails', () => {
    expect(isWrong({ ...weir, results })).toBe(false);
    expect(isWrong({ ...weir, latency: { p50Ms: 80, p99Ms: 100 } })).toBe(false);
    expect(
      isWrong({ ...weir, engine: 'Spark', results: { ...results, lost: 9 }, notes: ['failed: x'] }),
    ).toBe(false);
  });
});
