/** `weir doctor`: every check, on servers that are as they should be, and with each thing that can be wrong (docs/operations.md). */
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/check.js';
import { internalTopic, makeInternalTopic } from '../../src/io/kafka/internalTopic.js';
import { producerClient } from '../../src/io/kafka/producerClient.js';
import { parseJobInput } from '../../src/pipelines/jobInput.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { mmdbOf } from '../support/mmdb.js';
import { sharedStack } from '../support/stack.js';
import { hit, uniqueName, Weir } from '../support/weir.js';
import { start } from './support/process.js';

type Env = Record<string, string>;

describe('weir doctor', () => {
  let weir: Weir;
  let database: TestDatabase;
  let topic: string;
  let job: string;
  let env: Env;

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    database = await createDatabase();
    topic = await weir.topic(
      2,
      [0, 1].map((partition) => ({ ...hit({ time: Date.now() }), partition })),
    );
    job = await addJob({ offset: 1, rebuildFrom: 0 });
    const { KAFKA_URL, TEMPORAL_ADDRESS, WEIR_TASK_QUEUE } = weir.env as Env;
    env = {
      POSTGRES_URL: database.url,
      KAFKA_URL: KAFKA_URL!,
      KAFKA_TOPIC: '',
      TEMPORAL_ADDRESS: TEMPORAL_ADDRESS!,
      TEMPORAL_NAMESPACE: '',
      WEIR_TASK_QUEUE: WEIR_TASK_QUEUE!,
      GEOIP_MMDB: '',
      IP2LOCATION_KEY: '',
      IP_CODING_KEY: '',
    };
  });
  afterAll(() => Promise.all([weir.close(), database.drop()]));

  async function addJob(at: { offset: number; rebuildFrom: number; of?: string }): Promise<string> {
    const name = uniqueName('job');
    const config = parseJobInput({ pipeline: 'hits', topic: at.of ?? topic }, null);
    await database.pool.query(`insert into weir.job (name, pipeline, config) values ($1, 'hits', $2)`, [
      name,
      config,
    ]);
    await database.pool.query(
      `insert into weir.progress (job, partition, epoch, "offset", rebuild_from) values ($1, 0, 0, $2, $3)`,
      [name, at.offset, at.rebuildFrom],
    );
    return name;
  }

  async function doctor(
    other: Env = {},
    ...args: string[]
  ): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const { child, exited } = start(['doctor', '--job', job, ...args], { ...env, ...other });
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { stdout, stderr, code };
  }

  async function findings(other: Env = {}, ...args: string[]): Promise<Finding[]> {
    return JSON.parse((await doctor(other, '--json', ...args)).stdout) as Finding[];
  }

  /** What is not as it should be: `status check: text`. */
  async function wrong(other: Env = {}, ...args: string[]): Promise<string[]> {
    const found = await findings(other, ...args);
    return found
      .filter(({ status }) => status !== 'ok')
      .map(({ status, check, text: what }) => `${status} ${check}: ${what}`);
  }

  it('finds nothing wrong where nothing is', async () => {
    const { stdout, stderr, code } = await doctor();
    const checks = stdout
      .trimEnd()
      .split('\n')
      .map((line) => /^(\w+) +(.*?): ./.exec(line)!.slice(1, 3));
    expect(checks).toEqual([
      ['ok', 'Postgres'],
      ['ok', 'Postgres clock'],
      ['ok', 'Postgres schema'],
      ['ok', 'Postgres rights'],
      ['ok', 'large payloads'],
      ['ok', 'rejected records'],
      ['ok', 'jobs'],
      ['ok', 'Kafka'],
      ['ok', `topic ${topic}`],
      ['ok', `topic ${topic}`],
      ['ok', `job ${job}`],
      ['ok', 'Temporal'],
      ['ok', 'Temporal namespace'],
      ['ok', 'Temporal workers'],
      ['ok', 'Temporal search'],
      ['ok', 'locations'],
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it.each<[string, Env, string[], string]>([
    [
      'Postgres away',
      { POSTGRES_URL: 'postgres://127.0.0.1:1/weir' },
      ['problem Postgres: Postgres at 127.0.0.1:1 does not answer (ECONNREFUSED)'],
      'start Postgres, or correct POSTGRES_URL, POSTGRES_USER and POSTGRES_PASSWORD',
    ],
    [
      'Kafka away',
      { KAFKA_URL: '127.0.0.1:1' },
      [expect.stringMatching(/^problem Kafka: Kafka at 127\.0\.0\.1:1 does not answer/) as string],
      'start Kafka, or correct KAFKA_URL',
    ],
    [
      'Temporal away',
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      [expect.stringMatching(/^problem Temporal: Temporal at 127\.0\.0\.1:1 does not answer/) as string],
      'start Temporal, or correct TEMPORAL_ADDRESS',
    ],
    [
      'a namespace that is none',
      { TEMPORAL_NAMESPACE: 'nowhere' },
      ['problem Temporal namespace: there is none of the name nowhere'],
      'make it, or correct TEMPORAL_NAMESPACE',
    ],
    [
      'a task queue that nobody works on',
      { WEIR_TASK_QUEUE: 'lonely' },
      ['problem Temporal workers: none on task queue lonely'],
      'run `weir worker`, with WEIR_TASK_QUEUE=lonely',
    ],
    [
      'a topic that is none',
      { KAFKA_TOPIC: 'nowhere' },
      [expect.stringMatching(/^problem topic nowhere: Kafka at .* has no such topic$/) as string],
      'make it, or correct the name',
    ],
    [
      'a database of locations that is none',
      { GEOIP_MMDB: import.meta.filename },
      [expect.stringMatching(/^problem locations: .*doctor\.it\.test\.ts/) as string],
      'correct GEOIP_MMDB',
    ],
  ])('says so with %s', async (...[, other, expected, todo]) => {
    const { stdout, stderr, code } = await doctor(other);
    expect(await wrong(other)).toEqual(expected);
    expect(stdout).toContain(` -> ${todo}\n`);
    expect(stderr).toBe('weir doctor: one problem\n');
    expect(code).toBe(1);
  });

  it('checks the others where a server takes a connection and says nothing', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(
      0,
      '127.0.0.1',
    );
    await once(silent, 'listening');
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const found = await wrong({ POSTGRES_URL: `postgres://${address}/weir`, TEMPORAL_ADDRESS: address });
    expect(found).toEqual([
      expect.stringMatching(/^problem Postgres: /),
      expect.stringMatching(/^problem Temporal: /),
    ]);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('takes a database of locations', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'weir-test-')), 'city.mmdb');
    await writeFile(path, mmdbOf(4, { '192.0.2.0/24': { country: { iso_code: 'DE' } } }));
    const found = await findings({ GEOIP_MMDB: path });
    expect(found.at(-1)).toMatchObject({
      status: 'ok',
      check: 'locations',
      text: expect.stringContaining(path) as string,
    });
  });

  describe('of the schema', () => {
    it('says that there is none', async () => {
      const empty = await createDatabase({ migrated: false });
      expect(await wrong({ POSTGRES_URL: empty.url })).toEqual([
        'problem Postgres schema: there is no schema weir',
      ]);
      await empty.drop();
    });

    it('says which migrations it lacks, and which this build does not know', async () => {
      const other = await createDatabase();
      await other.pool.query(`delete from weir.migration where name = '8_rejected'`);
      expect(await wrong({ POSTGRES_URL: other.url })).toEqual(['problem Postgres schema: lacks 8_rejected']);
      await other.pool.query(
        `insert into weir.migration (name, run_on) values ('8_rejected', now()), ('99_later', now())`,
      );
      expect(await wrong({ POSTGRES_URL: other.url })).toEqual([
        'problem Postgres schema: newer than this build: it has 99_later',
      ]);
      await other.drop();
    });

    it('says what its user may not do', async () => {
      const user = uniqueName('user').replaceAll('-', '_');
      await database.pool.query(`create role ${user} login; grant usage on schema weir to ${user};
        grant select, insert, update, delete on all tables in schema weir to ${user}; revoke delete on weir.hits from ${user};
        grant select, insert, update, delete on public.user_sessions to ${user}`);
      const url = new URL(database.url);
      url.username = user;
      expect(await wrong({ POSTGRES_URL: url.href })).toEqual([
        'problem Postgres rights: this user lacks delete on weir.hits',
      ]);
      await database.pool.query(`drop owned by ${user}; drop role ${user}`);
    });
  });

  describe('of a topic', () => {
    async function made(settings: Env): Promise<string> {
      const name = uniqueName('topic');
      const admin = producerClient(weir.kafka).admin();
      await admin.connect();
      const configEntries = Object.entries(settings).map(([each, value]) => ({ name: each, value }));
      await admin.createTopics({ topics: [{ topic: name, configEntries }] });
      await admin.disconnect();
      return name;
    }

    it.each([
      [{ 'retention.ms': '3600000' }, null],
      [{ 'retention.ms': '3599999' }, 'problem topic %: keeps records for 3599999ms (retention.ms)'],
      [{ 'retention.ms': '-1' }, null],
      [{ 'cleanup.policy': 'compact' }, 'warning topic %: is compacted (cleanup.policy=compact)'],
    ] as [Env, string | null][])('with %j says %s', async (settings, sentence) => {
      const name = await made(settings);
      expect(await wrong({ KAFKA_TOPIC: name })).toEqual(
        sentence === null ? [] : [sentence.replace('%', name)],
      );
    });

    it('says that its records are stamped ahead of the clock here', async () => {
      const name = await weir.topic(1, [{ ...hit({ time: 0 }), timestampMs: Date.now() + 600_000 }]);
      expect(await wrong({ KAFKA_TOPIC: name })).toEqual([
        expect.stringMatching(
          /^warning topic .*: its newest record is stamped \d+[ms] ahead of this machine's clock$/,
        ),
      ]);
    });
  });

  describe('of a job', () => {
    it('says that there is none of that name', async () => {
      expect(await wrong({}, '--job', 'nobody')).toEqual(['problem jobs: there is no job nobody']);
    });

    it.each<[string, { offset: number; rebuildFrom: number }, string | null]>([
      ['is read on exactly where the topic begins', { offset: 2, rebuildFrom: 2 }, null],
      [
        'is read on before that',
        { offset: 1, rebuildFrom: 1 },
        'problem job %: #/0 begins at 2, and is read from 1 on: retention was faster',
      ],
      [
        'could not be rebuilt',
        { offset: 3, rebuildFrom: 1 },
        'warning job %: #/0 begins at 2, and what is open could only be read again from 1 on',
      ],
      ['is read on exactly where the topic ends', { offset: 4, rebuildFrom: 4 }, null],
      [
        'was read further than the topic goes',
        { offset: 5, rebuildFrom: 5 },
        'problem job %: #/0 ends at 4, and was read up to 5',
      ],
    ])('%s', async (_, at, sentence) => {
      const name = await weir.topic(
        1,
        [1, 2, 3, 4].map((time) => hit({ time })),
      );
      const admin = producerClient(weir.kafka).admin();
      await admin.connect();
      await admin.fetchTopicOffsets(name);
      await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '2' }] });
      await admin.disconnect();
      const other = await addJob({ ...at, of: name });
      const expected = sentence === null ? [] : [sentence.replace('%', other).replace('#', name)];
      expect(await wrong({}, '--job', other)).toEqual(expected);
    });
  });

  describe('of a job that regroups', () => {
    async function addRegrouped(at: { offset: number; rebuildFrom: number }): Promise<string> {
      const name = await addJob({ offset: 1, rebuildFrom: 1 });
      await database.pool.query(
        `insert into weir.progress (job, stage, partition, epoch, "offset", rebuild_from) values ($1, 2, 0, 0, $2, $3)`,
        [name, at.offset, at.rebuildFrom],
      );
      return name;
    }

    it('looks at its internal topic, too', async () => {
      const name = await addRegrouped({ offset: 0, rebuildFrom: 0 });
      await makeInternalTopic(weir.kafka, internalTopic(name, 0), 1);
      const found = await findings({}, '--job', name);
      expect(found).toContainEqual({
        status: 'ok',
        check: `job ${name}`,
        text: `all that it still needs is in weir.${name}.0`,
      });
      expect(found.filter(({ status }) => status !== 'ok')).toEqual([]);
    });

    it('says that it is gone, or ends before what was read', async () => {
      const name = await addRegrouped({ offset: 1, rebuildFrom: 1 });
      const topicOf = internalTopic(name, 0);
      expect(await wrong({}, '--job', name)).toEqual([
        expect.stringMatching(/^problem topic weir\..* has no such topic$/),
      ]);
      await makeInternalTopic(weir.kafka, topicOf, 1);
      expect(await wrong({}, '--job', name)).toEqual([
        `problem job ${name}: ${topicOf}/0 ends at 0, and was read up to 1`,
      ]);
    });
  });

  it('names a bad configuration and exits with 2', async () => {
    const { stderr, code } = await doctor({ KAFKA_URL: 'a:b', POSTGRES_URL: 'mysql://x' });
    expect(stderr).toContain('KAFKA_URL: "a:b"');
    expect(stderr).toContain('POSTGRES_URL: expected postgres://');
    expect(code).toBe(2);
  });
});
