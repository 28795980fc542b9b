import { existsSync } from 'node:fs';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { event, record } from './run/support.js';
import { start } from './support/process.js';

const REAL_LOG = fileURLToPath(new URL('../../../shared/data/apache_logs.log', import.meta.url));

/** Runs `weir run --pipeline hits …` with `input` as standard input. */
async function weirRun(args: string[], input = '', env: Record<string, string> = {}) {
  const { child, exited } = start(['run', '--pipeline', 'hits', ...args], env);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { stdout, stderr, code };
}

async function fileOf(content: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'weir-test-')), 'events');
  await writeFile(path, content);
  return path;
}

it('prints nothing but rows, one JSON object a line, and tells the counts apart', async () => {
  const file = await fileOf(`${event(-100)}\nbad\n${event(0, null, 'r')}\n`);
  const { stdout, stderr, code } = await weirRun(['--input', file]);
  expect(stdout).toBe(
    '{"window_start":"1969-12-31T23:55:00.000Z","window_end":"1970-01-01T00:00:00.000Z","host":"a","referrer":null,"num_hits":1}\n' +
      '{"window_start":"1970-01-01T00:00:00.000Z","window_end":"1970-01-01T00:05:00.000Z","host":null,"referrer":"r","num_hits":1}\n',
  );
  expect(stderr).toBe('3 read, of these 2 accepted, 0 late, 1 rejected\n');
  expect(code).toBe(0);
});

it.each([[['--offset=-100ms']], [['--offset', '-100ms']]])('takes a negative offset: %j', async (offset) => {
  const args = ['--input', '-', '--size', '1s', '--delay', '0ms', ...offset, '--trace', '--no-flush'];
  const { stdout } = await weirRun(args, `${event(899)}\r\n${event(900)}`);
  expect(stdout).toBe(
    '{"emitted_after":2,"row":{"window_start":"1969-12-31T23:59:59.900Z","window_end":"1970-01-01T00:00:00.900Z","host":"a","referrer":null,"num_hits":1}}\n' +
      '{"summary":{"read":2,"accepted":2,"duplicate":0,"late":0,"rejected":0}}\n',
  );
});

it('prints the same for records from a pipe as from a file, and leaves no temporary file', async () => {
  const lines = [record(0, 3), record(1, 4), record(0, 30), record(1, 15)].join('\n');
  const args = ['--records', '--size', '10ms', '--delay', '5ms', '--trace'];
  const temporary = await mkdtemp(join(tmpdir(), 'weir-test-'));
  const file = await weirRun([...args, '--input', await fileOf(lines)]);
  const pipe = await weirRun([...args, '--input', '-'], lines, { TMPDIR: temporary });
  expect(file.stdout).toMatch(/^\{"emitted_after":4,.*"num_hits":2\}\}\n/);
  expect(pipe).toEqual(file);
  expect((await readdir(temporary)).filter((name) => name.startsWith('weir'))).toEqual([]);
});

it('prints rows of events that come slowly as soon as they are final', async () => {
  const { child, exited } = start([
    'run',
    '--pipeline',
    'hits',
    '--input',
    '-',
    '--size',
    '10ms',
    '--delay',
    '0ms',
  ]);
  child.stdin.write(`${event(3)}\n${event(10)}\n`);
  const [first] = (await child.stdout.setEncoding('utf8').take(1).toArray()) as string[];
  expect(first).toMatch(/^\{"window_start":"1970-01-01T00:00:00.000Z".*\}\n$/);
  child.stdin.end();
  child.stderr.resume();
  expect(await exited).toBe(0);
});

it('ends quietly when nobody reads any more', async () => {
  const file = await fileOf(Array.from({ length: 50_000 }, (_, i) => event(i)).join('\n'));
  const { child, exited } = start([
    'run',
    '--pipeline',
    'hits',
    '--input',
    file,
    '--size',
    '1ms',
    '--delay',
    '0ms',
  ]);
  child.stdout.once('data', () => child.stdout.destroy());
  expect([await text(child.stderr), await exited]).toEqual(['', 0]);
});

it('names every mistake in one message and exits with 2', async () => {
  const { stdout, stderr, code } = await weirRun(
    '--pipeline bogus --input /nowhere/events --size 5 --slide 0ms --delay=-1ms --partitions 0'.split(' '),
  );
  expect(stderr.trim().split('\n')).toEqual([
    'weir run:',
    expect.stringContaining('--pipeline "bogus": must be hits'),
    expect.stringContaining('--size: '),
    expect.stringContaining('--slide: '),
    expect.stringContaining('--delay: '),
    expect.stringContaining('--input /nowhere/events: '),
    expect.stringContaining('--partitions "0": '),
  ]);
  expect([stdout, code]).toEqual(['', 2]);
});

it.each<[string[], string]>([
  [[], '--input is missing'],
  [['--input', '.'], '--input .: is a folder'],
  [['--input', '-', '--size', '1001ms', '--slide', '1ms'], 'more than 1000 windows'],
  [['--input', '-', '--partitions', '100001'], 'at most 100,000'],
  [['--input', '-', '--bogus'], '--bogus'],
])('exits with 2 for %j', async (args, problem) => {
  const { stderr, code } = await weirRun(args);
  expect(stderr).toContain(problem);
  expect(code).toBe(2);
});

it.skipIf(!existsSync(REAL_LOG))(
  'reads what `weir import --stdout` prints: 1,738 rows, 9,999 hits, 1 rejected, 0 late (skipped where ../shared/data is absent)',
  async () => {
    const imported = start(['import', REAL_LOG, '--host', 'h', '--stdout']);
    const { child, exited } = start(['run', '--pipeline', 'hits', '--input', '-', '--trace']);
    imported.child.stdout.pipe(child.stdin);
    const [stdout, code] = await Promise.all([text(child.stdout), exited]);
    const lines = stdout.trimEnd().split('\n');
    const rows = lines.slice(0, -1).map((line) => (JSON.parse(line) as { row: { num_hits: number } }).row);
    expect(rows).toHaveLength(1_738);
    expect(rows.reduce((sum, { num_hits }) => sum + num_hits, 0)).toBe(9_999);
    expect(lines.at(-1)).toBe(
      '{"summary":{"read":10000,"accepted":9999,"duplicate":0,"late":0,"rejected":1}}',
    );
    expect(code).toBe(0);
  },
);
