import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LINE = '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5.0"';

/** Runs `weir` as a process of its own, with `input` as standard input. */
async function weir(args: string[], env: Record<string, string> = {}, input = '') {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, ...env },
  });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { stdout, stderr, code };
}

it('lists the subcommands', async () => {
  const { stdout, code } = await weir(['--help']);
  expect(stdout).toMatch(
    /worker .*\n.*demo .*\n.*status .*\n.*replay .*\n.*geo .*\n.*rejected .*\n.*doctor .*\n.*migrate .*\n.*import .*\n.*generate .*\n.*run /,
  );
  expect(code).toBe(0);
});

it('names every mistake in one message and exits with 2', async () => {
  const { stderr, code } = await weir(['import', '/nowhere/access.log', '--partitions', '0'], {
    KAFKA_URL: 'a:b',
  });
  expect(stderr.trim().split('\n')).toEqual([
    'weir import:',
    expect.stringContaining('FILE /nowhere/access.log'),
    expect.stringContaining('--topic is missing'),
    expect.stringContaining('--partitions "0"'),
    expect.stringContaining('KAFKA_URL: "a:b"'),
  ]);
  expect(code).toBe(2);
});

it('does not start a worker without the database that GEOIP_MMDB names', async () => {
  const { stderr, code } = await weir(['worker'], { GEOIP_MMDB: '/nowhere/city.mmdb' });
  expect(stderr).toBe('weir worker: GEOIP_MMDB: /nowhere/city.mmdb does not exist\n');
  expect(code).toBe(2);
});

it.each([[['bogus']], [['generate', '--bogus']]])(
  'exits with 2 for what it does not know: %j',
  async (args) => {
    expect((await weir(args)).code).toBe(2);
  },
);

it('imports standard input to standard output: events as JSON, cut-off lines as they are, the count apart', async () => {
  const { stdout, stderr, code } = await weir(
    ['import', '-', '--stdout'],
    {},
    `${LINE}\n${LINE.slice(0, 60)}\n${LINE}`,
  );
  const [first, cut, last, end] = stdout.split('\n');
  expect([first, last].map((line) => (JSON.parse(line!) as { ip: string }).ip)).toEqual([
    '192.0.2.7',
    '192.0.2.7',
  ]);
  expect(cut).toBe(LINE.slice(0, 60));
  expect(end).toBe('');
  expect(stderr).toBe('3 lines, 2 events, 1 cut-off\n');
  expect(code).toBe(0);
});

it('generates the same lines for the same seed and start', async () => {
  const args = ['generate', '--stdout', '--events', '50', '--seed', '3', '--start', '2026-01-01T00:00:00Z'];
  const [first, second] = await Promise.all([weir(args), weir(args)]);
  expect(first.stdout.split('\n')).toHaveLength(51);
  expect(first.stdout).toBe(second.stdout);
});

it('says which broker does not answer and exits with 1', async () => {
  const { stderr, code } = await weir(['generate', '--topic', 't', '--events', '1'], {
    KAFKA_URL: '127.0.0.1:1',
  });
  expect(stderr).toMatch(/^weir generate: Kafka at 127\.0\.0\.1:1 does not answer \(.*\)\n$/);
  expect(code).toBe(1);
});
