import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { start } from './support/process.js';

/** Runs `weir run --pipeline sessions …` with `input` as standard input. */
async function weirRun(args: string[], input = '') {
  const { child, exited } = start(['run', '--pipeline', 'sessions', '--input', '-', ...args]);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { stdout, stderr, code };
}

const record = (partition: number, timestamp: number) =>
  JSON.stringify({ partition, timestamp, value: JSON.stringify({ ip: 'a', event_time: timestamp / 1000 }) });

it('prints sessions by the names of the columns, and tells the counts apart', async () => {
  const event = { event_time: 5, ip: '1.2.3.4', user_id: 7, host: 'h', user_agent: 'curl/7.1' };
  const { stdout, stderr, code } = await weirRun([], `${JSON.stringify(event)}\nbad\n`);
  expect(stdout).toBe(
    '{"session_id":"5ba9ea0bc714378aa8ec3e557cb68d4449dea329a4fd1c836f9174e89bd8c1ca","user_id":"7","ip":"1.2.3.4","session_start":"1970-01-01T00:00:05.000Z",' +
      '"session_end":"1970-01-01T00:00:05.000Z","window_end":"1970-01-01T00:05:05.000Z","event_count":1,"session_date":"1970-01-01",' +
      '"country":null,"state":null,"city":null,"os":null,"browser":null,"device":"Spider","is_logged_in":true,"host":"h","is_bot":true}\n',
  );
  expect(stderr).toBe('2 read, of these 1 accepted, 0 late, 1 rejected\n');
  expect(code).toBe(0);
});

it('takes --gap, --delay, and the time of the record', async () => {
  const lines = [record(0, 0), record(0, 10), record(0, 21), record(0, 36)].join('\n');
  const args = '--records --time record --gap 10ms --delay 5ms --trace'.split(' ');
  const { stdout } = await weirRun(args, lines);
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { emitted_after?: number | null; row?: { event_count: number } })
    .flatMap(({ emitted_after, row }) => (row === undefined ? [] : [[emitted_after, row.event_count]]));
  expect(found).toEqual([
    [4, 2],
    [4, 1],
    [null, 1],
  ]);
});

it('regroups records of several partitions, unless they are declared to be together', async () => {
  const lines = [record(0, 0), record(1, 0)].join('\n');
  const rowsWith = async (...args: string[]) => {
    const { stdout, code } = await weirRun(['--records', ...args], lines);
    return [code, stdout.trim().split('\n').length];
  };
  expect(await rowsWith()).toEqual([0, 1]);
  expect(await rowsWith('--partitioned-by', 'key')).toEqual([0, 2]);
});

it('takes records that are all in one partition, whatever its number', async () => {
  expect((await weirRun(['--records'], record(7, 0))).code).toBe(0);
});

it.each<[string[], string]>([
  [['--time', 'record'], '--time record: needs --records'],
  [['--time', 'sometimes'], '--time: '],
  [['--gap', '0ms'], '--gap: '],
  [['--gap', 'soon'], '--gap: '],
  [['--partitioned-by', 'ip'], '--partitioned-by: '],
  [['--size', '5m'], 'size'],
])('exits with 2 for %j', async (args, problem) => {
  const { stderr, code } = await weirRun(args);
  expect(stderr).toContain(problem);
  expect(code).toBe(2);
});
