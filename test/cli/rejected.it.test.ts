/** `weir rejected`: records that did not count are looked at, and sent to their topic again, none of them twice (docs/operations.md). */
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseBrokers } from '../../src/io/kafka/config.js';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { createKafkaReader } from '../../src/io/kafka/kafkaReader.js';
import { claimResend } from '../../src/io/postgres/claimResend.js';
import { takeResendLock } from '../../src/io/postgres/resendLock.js';
import { parseJobInput } from '../../src/pipelines/jobInput.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { readTo, type ReadRecord } from '../support/kafkaRead.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName } from '../support/weir.js';
import { start } from './support/process.js';

const kafka = { brokers: parseBrokers(sharedStack().kafkaUrl), clientId: 'test' };
const STAMP = Date.UTC(2026, 0, 1);

interface Row {
  partition?: number;
  offset: number;
  reason?: string;
  key?: string | null;
  value?: string | Buffer | null;
  valueBytes?: number;
  recordTime?: number | null;
  rejectedAt?: string;
  job?: string;
  epoch?: number;
}

describe('weir rejected', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let topic: string;
  let job: string;

  beforeAll(async () => {
    database = await createDatabase();
    env = { POSTGRES_URL: database.url, KAFKA_URL: sharedStack().kafkaUrl };
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    topic = uniqueName('rejected');
    job = uniqueName('job');
    await ensureTopic(kafka, { topic, partitions: 2 });
  });

  async function run(...args: string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const { child, exited } = start(['rejected', ...args], env);
    child.stdin.end();
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { stdout, stderr, code };
  }

  async function insert(...rows: Row[]): Promise<void> {
    for (const row of rows) {
      const { key = null, reason = 'bad_json', partition = 0, value = `value ${row.offset}` } = row;
      const bytes = value === null ? null : Buffer.from(value);
      await database.pool.query(
        `insert into weir.rejected (job, epoch, partition, "offset", topic, reason, record_time, key, value, value_bytes, rejected_at)
         values ($1, $2, $3, $4, $5, $6, weir.instant($7), $8, $9, $10, $11)`,
        [
          row.job ?? job,
          row.epoch ?? 0,
          partition,
          row.offset,
          topic,
          reason,
          row.recordTime === undefined ? STAMP : row.recordTime,
          key === null ? null : Buffer.from(key),
          bytes,
          row.valueBytes ?? bytes?.length ?? null,
          row.rejectedAt ?? '2026-01-01T00:00:00Z',
        ],
      );
    }
  }

  async function inTopic(partition = 0): Promise<ReadRecord[]> {
    const reader = createKafkaReader({ ...kafka, topic, partition });
    try {
      const { endOffset } = await reader.fetch({ offset: 0, maxWaitMs: 0, maxBytes: 1 });
      return (await readTo(reader, { from: 0, to: endOffset })).records;
    } finally {
      await reader.close();
    }
  }

  const valuesIn = async (partition = 0) => (await inTopic(partition)).map(({ value }) => value);

  describe('list', () => {
    it('shows what was rejected last first, with the beginning of the value', async () => {
      await insert(
        { offset: 1, value: 'x'.repeat(100) },
        { offset: 2, reason: 'late', rejectedAt: '2026-01-02T00:00:00Z', recordTime: null },
        { offset: 3, partition: 1, value: null, reason: 'empty', rejectedAt: '2025-12-31T00:00:00Z' },
      );
      const { stdout, code } = await run('list', '--job', job);
      const cells = stdout
        .split('\n')
        .filter((line) => line.startsWith('│'))
        .map((line) =>
          line
            .split('│')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        );
      expect(cells).toEqual([
        ['job', 'partition', 'offset', 'reason', 'record time', 'sent again', 'value'],
        [job, '0', '2', 'late', '-', '-', 'value 2'],
        [job, '0', '1', 'bad_json', '2026-01-01T00:00:00.000Z', '-', `${'x'.repeat(60)}…`],
        [job, '1', '3', 'empty', '2026-01-01T00:00:00.000Z', '-', '(null)'],
      ]);
      expect(code).toBe(0);
    });

    it.each<[string[], number[]]>([
      [
        ['--reason', 'bad_field'],
        [3, 2],
      ],
      [['--reason', 'bad_field: ip'], [3]],
      [['--reason', 'bad'], []],
      [['--partition', '1'], [4]],
      [
        ['--limit', '2'],
        [4, 3],
      ],
      [
        ['--from', '2026-01-01T00:00:03Z'],
        [4, 3],
      ],
      [
        ['--to', '2026-01-01T00:00:03Z'],
        [2, 1],
      ],
    ])('takes %j', async (args, offsets) => {
      const at = (second: number): string => `2026-01-01T00:00:0${second}Z`;
      await insert(
        { offset: 1, rejectedAt: at(1) },
        { offset: 2, reason: 'bad_field: host', rejectedAt: at(2) },
        { offset: 3, reason: 'bad_field: ip', rejectedAt: at(3) },
        { offset: 4, partition: 1, rejectedAt: at(4) },
      );
      const { stdout } = await run('list', '--job', job, '--json', ...args);
      expect((JSON.parse(stdout) as { offset: number }[]).map(({ offset }) => offset)).toEqual(offsets);
    });

    it('shows a record once while a replay of the job has it in two epochs', async () => {
      await insert({ offset: 1 }, { offset: 1, epoch: 1, reason: 'bad_time' });
      const { stdout } = await run('list', '--job', job, '--json');
      expect(JSON.parse(stdout)).toMatchObject([{ epoch: 1, reason: 'bad_time' }]);
    });
  });

  describe('show', () => {
    it('shows everything, and the value as text', async () => {
      await insert({ offset: 7, key: 'k', value: '{"a":1}' });
      const { stdout } = await run('show', job, '0', '7');
      expect(stdout).toBe(
        [
          `job          ${job}`,
          'epoch        0',
          `topic        ${topic}`,
          'partition    0',
          'offset       7',
          'reason       bad_json',
          'record time  2026-01-01T00:00:00.000Z',
          'rejected at  2026-01-01T00:00:00.000Z',
          'sent again   no',
          'key          k',
          'value        7 bytes',
          '',
          '{"a":1}\n',
        ].join('\n'),
      );
    });

    it('shows what is not UTF-8 in hex, and says where a value was cut', async () => {
      await insert({ offset: 7, value: Buffer.from('61ff', 'hex'), valueBytes: 9 });
      const { stdout } = await run('show', job, '0', '7');
      expect(stdout).toContain('9 bytes, of which the first 2 are kept\n\nhex 61ff\n');
    });

    it('writes the bytes as they are with --raw', async () => {
      const value = Buffer.from('00ff0d0a61', 'hex');
      await insert({ offset: 7, value });
      const { child } = start(['rejected', 'show', job, '0', '7', '--raw'], env);
      expect(await buffer(child.stdout)).toEqual(value);
    });
  });

  describe('count', () => {
    beforeEach(() => insert({ offset: 1 }, { offset: 2, partition: 1 }, { offset: 3, reason: 'late' }));

    it('counts by job and reason', async () => {
      const { stdout } = await run('count', '--job', job, '--json');
      expect(JSON.parse(stdout)).toMatchObject([
        { job, reason: 'bad_json', partition: null, records: 2, sent: 0, inDoubt: 0 },
        { job, reason: 'late', partition: null, records: 1 },
      ]);
    });

    it('counts by partition, too', async () => {
      const { stdout } = await run('count', '--job', job, '--by', 'partition', '--json');
      expect(JSON.parse(stdout)).toMatchObject([
        { reason: 'bad_json', partition: 0, records: 1 },
        { reason: 'bad_json', partition: 1, records: 1 },
        { reason: 'late', partition: 0, records: 1 },
      ]);
      const table = await run('count', '--job', job, '--by', 'partition');
      expect(table.stdout).toMatch(/│ job +│ reason +│ partition │ records │ sent again │ in doubt │/);
    });
  });

  describe('replay', () => {
    it('sends records to their partitions with key and value, in the order of their rejection, once', async () => {
      await insert(
        { offset: 5, key: 'k', value: Buffer.from('é') },
        { offset: 6, value: null, reason: 'empty' },
        { offset: 2, partition: 1, rejectedAt: '2026-01-01T00:00:01Z' },
      );
      const began = Date.now();
      const first = await run('replay', '--job', job, '--yes');
      expect(first.stdout).toContain('3 records sent again\n');
      const again = await run('replay', '--job', job, '--yes');
      expect(again.stdout).toBe('3 records not sent: sent again before.\nnothing to send\n');
      expect(again.code).toBe(0);
      const records = await inTopic();
      expect(records).toMatchObject([
        { offset: 0, key: 'k', value: 'é' },
        { offset: 1, key: null, value: null },
      ]);
      expect(records.every(({ timestampMs }) => timestampMs >= began)).toBe(true);
      expect(await valuesIn(1)).toEqual(['value 2']);
      const { stdout } = await run('show', job, '0', '6');
      expect(stdout).toMatch(/sent again {3}yes, on .*, to offset 1\n/);
    });

    it('keeps the time stamps with --keep-time', async () => {
      await insert({ offset: 1, recordTime: Date.now() - 5000 });
      await run('replay', '--job', job, '--yes', '--keep-time');
      const { stdout } = await run('list', '--job', job, '--json');
      const [listed] = JSON.parse(stdout) as { recordTime: number }[];
      expect((await inTopic()).map(({ timestampMs }) => timestampMs)).toEqual([listed!.recordTime]);
    });

    it('sends no more than --limit, and the rest when it is asked again', async () => {
      await insert({ offset: 1 }, { offset: 2 }, { offset: 3 });
      await run('replay', '--job', job, '--yes', '--limit', '2');
      expect(await valuesIn()).toEqual(['value 1', 'value 2']);
      await run('replay', '--job', job, '--yes', '--limit', '2');
      expect(await valuesIn()).toEqual(['value 1', 'value 2', 'value 3']);
    });

    it('sends nothing with --dry-run, and says what it would', async () => {
      await insert({ offset: 1 }, { offset: 2, partition: 1 });
      const { stdout } = await run('replay', '--job', job, '--dry-run');
      expect(stdout).toMatch(/│ 0 +│ 1 +│[^]*│ 1 +│ 1 +│/);
      expect(await valuesIn()).toEqual([]);
      const { stdout: counts } = await run('count', '--job', job, '--json');
      expect(JSON.parse(counts)).toMatchObject([{ records: 2, sent: 0, inDoubt: 0 }]);
    });

    it('sends a record once that two jobs have rejected', async () => {
      await insert({ offset: 1 }, { offset: 1, job: `${job}-b` });
      await run('replay', '--job', job, '--yes');
      await run('replay', '--job', `${job}-b`, '--yes');
      expect(await valuesIn()).toEqual(['value 1']);
    });

    it('does not send what was sent before a replay of the job wrote its row anew', async () => {
      await insert({ offset: 1 });
      await run('replay', '--job', job, '--yes');
      await database.pool.query('delete from weir.rejected where job = $1', [job]);
      await insert({ offset: 1, epoch: 1 });
      await run('replay', '--job', job, '--yes');
      expect(await valuesIn()).toEqual(['value 1']);
    });

    it('sends the record at the same offset of a topic that was made anew', async () => {
      await insert({ offset: 1 });
      await run('replay', '--job', job, '--yes');
      await database.pool.query('delete from weir.rejected where job = $1', [job]);
      await insert({ offset: 1, recordTime: STAMP + 1, value: 'other' });
      await run('replay', '--job', job, '--yes');
      expect(await valuesIn()).toEqual(['value 1', 'other']);
    });

    it('refuses a value that was cut', async () => {
      await insert({ offset: 1, valueBytes: 2_000_000 }, { offset: 2 });
      const { stdout } = await run('replay', '--job', job, '--yes');
      expect(stdout).toContain('1 record not sent: of their values only the first 1 MiB is kept.');
      expect(await valuesIn()).toEqual(['value 2']);
    });

    it('says what the broker refuses, sends the others, and does not take the refused for sent', async () => {
      await insert({ offset: 1, value: Buffer.alloc(1_048_576, 'x') }, { offset: 2 });
      const { stderr, code } = await run('replay', '--job', job, '--yes');
      expect(stderr).toMatch(
        /^weir rejected: the broker refused, and none of these was sent: 1 record of .*\/0, offset 1 on: /,
      );
      expect(code).toBe(1);
      expect(await valuesIn()).toEqual(['value 2']);
      const { stdout } = await run('count', '--job', job, '--json');
      expect(JSON.parse(stdout)).toMatchObject([{ records: 2, sent: 1, inDoubt: 0 }]);
    });

    it('sends no late record, and prints the replay of the job that takes it in', async () => {
      const config = parseJobInput({ pipeline: 'hits', topic }, null);
      const time = Date.UTC(2026, 0, 1, 0, 2);
      await database.pool.query(`insert into weir.job (name, pipeline, config) values ($1, 'hits', $2)`, [
        job,
        config,
      ]);
      await database.pool.query(
        `insert into weir.progress (job, partition, epoch, "offset", rebuild_from, watermark) values ($1, 0, 0, 9, 9, weir.instant($2))`,
        [job, Date.UTC(2026, 0, 1, 0, 7)],
      );
      const value = JSON.stringify({ event_time: new Date(time).toISOString(), host: null, referrer: null });
      await insert({ offset: 1, reason: 'late', value, recordTime: null });
      const { stdout, code } = await run('replay', '--reason', 'late', '--job', job, '--yes');
      // The window ends at 00:05 and the watermark is at 00:07, with a delay of a minute: one of more than three minutes.
      expect(stdout).toBe(
        `1 late record of ${job} is not sent: it would be late again. A replay of the job with a larger delay takes late records in:\n` +
          `  weir replay --job ${job} --from 2026-01-01T00:01:59.000Z --delay 181s\n`,
      );
      expect(code).toBe(0);
      expect(await valuesIn()).toEqual([]);
    });

    it('leaves out a partition that the topic does not have', async () => {
      await insert({ offset: 1, partition: 7 });
      const { stdout } = await run('replay', '--job', job, '--yes');
      expect(stdout).toBe(
        `Records of ${topic}/7 are not sent: Kafka has no such partition.\nnothing to send\n`,
      );
    });

    it('sends each record once when two are started at the same time', async () => {
      const rows = Array.from({ length: 600 }, (_, offset) => ({ offset }));
      await database.pool.query(
        `insert into weir.rejected (job, epoch, partition, "offset", topic, reason, value, value_bytes)
         select $1, 0, 0, n, $2, 'bad_json', convert_to('value ' || n, 'UTF8'), length('value ' || n) from generate_series(0, 599) n`,
        [job, topic],
      );
      const runs = await Promise.all([
        run('replay', '--job', job, '--yes'),
        run('replay', '--job', job, '--yes'),
      ]);
      expect(runs.some(({ code }) => code === 0)).toBe(true);
      expect(await valuesIn()).toEqual(rows.map(({ offset }) => `value ${offset}`));
    });

    it('claims a record for one run only, whoever asks', async () => {
      await insert({ offset: 1 });
      const record = { job, epoch: 0, topic, partition: 0, offset: 1, bytes: 0 };
      const runs = ['a', 'b', 'c', 'd'].map((each) => `00000000-0000-0000-0000-00000000000${each}`);
      const claims = await Promise.all(
        runs.map((each) => claimResend(database.pool, { run: each, records: [record], again: false })),
      );
      expect(claims.flat()).toHaveLength(1);
    });
  });

  describe('a replay that is killed when it has sent, before it notes so', () => {
    const HELD = 4711;

    beforeAll(async () => {
      await database.pool.query(
        `create function weir.hold() returns trigger language plpgsql as
           $$ begin perform pg_advisory_xact_lock(${HELD}); return null; end $$;
         create trigger hold before update on weir.resent for each statement execute function weir.hold()`,
      );
    });
    afterAll(() => database.pool.query('drop function weir.hold() cascade'));

    /** Sends, and dies: its session, too, which would else finish what it was asked. */
    async function killed(...args: string[]): Promise<void> {
      const holder = await database.pool.connect();
      try {
        await holder.query(`select pg_advisory_lock(${HELD})`);
        const { child, exited } = start(['rejected', 'replay', '--job', job, '--yes', ...args], env);
        const waiting = await eventually('the mark to be held', async () => {
          const { rows } = await database.pool.query(
            `select pid from pg_locks where locktype = 'advisory' and not granted
               and database = (select oid from pg_database where datname = current_database())`,
          );
          return (rows[0] as { pid: number } | undefined)?.pid ?? null;
        });
        child.kill('SIGKILL');
        await exited;
        await database.pool.query('select pg_terminate_backend($1, 10000)', [waiting]);
      } finally {
        await holder.query(`select pg_advisory_unlock(${HELD})`);
        holder.release();
      }
    }

    it('leaves them in doubt: no run sends them by itself, --again does, once', async () => {
      await insert({ offset: 1 });
      await killed();
      expect(await valuesIn()).toEqual(['value 1']);
      const listed = await run('list', '--job', job);
      expect(listed.stdout).toContain('│ in doubt   │ value 1 │');

      await insert({ offset: 2 });
      const { stdout } = await run('replay', '--job', job, '--yes');
      expect(stdout).toContain('1 record not sent: in doubt.');
      expect(await valuesIn()).toEqual(['value 1', 'value 2']);

      const again = await run('replay', '--job', job, '--yes', '--again');
      expect(again.stdout).toContain('1 record sent again\n');
      expect(await valuesIn()).toEqual(['value 1', 'value 2', 'value 1']);
      await run('replay', '--job', job, '--yes', '--again');
      expect(await valuesIn()).toHaveLength(3);
    });
  });

  it.each<[string, string[], string, number]>([
    [
      'a job without such a record',
      ['show', 'none', '0', '1'],
      'weir.rejected holds no record of none, partition 0, offset 1',
      2,
    ],
    [
      'a partition that is none',
      ['show', 'a', 'x', '1'],
      '<partition> "x": must be a whole number of at least 0',
      2,
    ],
    ['two forms at once', ['show', 'a', '0', '1', '--raw', '--json'], '--raw and --json: one of them', 2],
    [
      'nothing between two times',
      ['list', '--from', 'now', '--to', 'now'],
      '--from has to be before --to',
      2,
    ],
    ['a limit of none', ['replay', '--limit', '0'], '--limit "0": must be a whole number of at least 1', 2],
    ['another grouping', ['count', '--by', 'job'], '--by "job": must be partition', 2],
    ['an option that is none', ['replay', '--force'], "error: unknown option '--force'", 2],
    ['a subcommand that is none', ['resend'], "error: unknown command 'resend'", 2],
    ['an argument too few', ['show', 'a', '0'], "error: missing required argument 'offset'", 2],
  ])('says what is wrong with %s', async (...[, args, sentence, exit]) => {
    const { stderr, code } = await run(...args);
    expect(stderr).toContain(sentence);
    expect(code).toBe(exit);
  });

  it.each<[string, () => Record<string, string>, string]>([
    [
      'Postgres away',
      () => ({ POSTGRES_URL: 'postgres://127.0.0.1:1/weir' }),
      'Postgres at 127.0.0.1:1 does not answer (ECONNREFUSED)',
    ],
    ['Kafka away', () => ({ KAFKA_URL: '127.0.0.1:1' }), 'cannot be described now: broker 127.0.0.1:1'],
  ])('says what is missing with %s', async (_, away, sentence) => {
    await insert({ offset: 1 });
    const { child, exited } = start(['rejected', 'replay', '--job', job, '--yes'], { ...env, ...away() });
    const [stderr, code] = await Promise.all([text(child.stderr), exited]);
    expect(stderr).toContain(sentence);
    expect(code).toBe(1);
    expect(await valuesIn()).toEqual([]);
  });

  it('says that another one is at work', async () => {
    await insert({ offset: 1 });
    const other = await database.pool.connect();
    expect(await takeResendLock(other)).toBe(true);
    const { stderr, code } = await run('replay', '--job', job, '--yes');
    other.release(true);
    expect(stderr).toBe(
      'weir rejected: another `weir rejected replay` is at work on this database: wait until it has ended\n',
    );
    expect(code).toBe(1);
    expect(await valuesIn()).toEqual([]);
  });
});
