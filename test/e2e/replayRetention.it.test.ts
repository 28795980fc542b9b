/** A replay of what retention has removed (docs/semantics.md, replay): refused, with the oldest time that can be had; from there on it is done. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { deleteRecordsBelow, internalTopic } from '../../src/io/kafka/internalTopic.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import { sessionsOfJob } from '../support/regroupedTopic.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const MINUTE = 60_000;
const formatInstant = (at: number): string => new Date(at).toISOString();
/** Records are stamped with the times of their events: so these are not so old that the broker itself takes them. */
const FIRST = Math.floor(Date.now() / MINUTE) * MINUTE - 360 * MINUTE;

describe('a replay of what retention has removed', () => {
  let weir: Weir;
  beforeAll(async () => {
    console.log(`retention: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  /** One every ten seconds for an hour and forty minutes, turn by turn in two partitions: offset n is of `FIRST + 20 s * n`, and 10 s later. */
  const HITS = Array.from({ length: 600 }, (_, i) => {
    const time = FIRST + i * 10_000;
    return { ...hit({ time, referrer: `r${i % 3}` }), timestampMs: time, partition: i % 2 };
  });
  const INPUT = { pipeline: 'hits', size: '1m', delay: '5s', idle: 'off' };

  const ask = (name: string, request: object): Promise<unknown> =>
    weir.client.workflow.getHandle(name).executeUpdate('replay', { args: [request] });

  async function refusal(name: string, request: object): Promise<string> {
    const error: unknown = await ask(name, request).then(
      () => null,
      (reason: unknown) => reason,
    );
    return (error as { cause?: Error } | null)?.cause?.message ?? 'it was accepted';
  }

  async function replayed(name: string): Promise<void> {
    await eventually('the replay to be over', async () => {
      const { rows } = await weir.pool.query(
        `select bool_and("offset" >= (rewrite ->> 'untilOffset')::bigint) as done from weir.progress
         where job = $1 and stage = 1 and epoch = (select max(epoch) from weir.progress where job = $1)`,
        [name],
      );
      return rows[0].done as boolean;
    });
  }

  async function started(input: object, records: readonly object[]): Promise<string> {
    const name = uniqueName('retention');
    await weir.start(name, input);
    await weir.committed(name, records.length);
    return name;
  }

  it('is refused up to the oldest time that can be had, and done from exactly then', async () => {
    const topic = await weir.topic(2, HITS);
    const name = await started({ ...INPUT, topic }, HITS);
    const before = await weir.view(name);
    // The oldest records are of FIRST + 20 min, and FIRST + 40 min + 10 s: what the second one lacks decides.
    await deleteRecordsBelow(weir.kafka, topic, [
      { partition: 0, offset: 60 },
      { partition: 1, offset: 120 },
    ]);
    const lookBackMs = 10 * MINUTE;
    const first = FIRST + 120 * 20_000 + 10_000;
    const possible = first + lookBackMs + 1;
    const request = (from: number, more: object = {}) => ({
      from: formatInstant(from),
      lookBack: '10m',
      ...more,
    });

    const whole = (from: number): string => {
      const low = formatInstant(from - lookBackMs);
      const reasons = [FIRST + 60 * 20_000, first].flatMap((oldest, partition) =>
        from - lookBackMs <= oldest
          ? [
              `partition ${partition} has to be read from ${low} on, and its oldest record is of ${formatInstant(oldest)}`,
            ]
          : [],
      );
      return (
        `The replay is refused: retention has removed records of topic ${topic}: ${reasons.join('; ')}. ` +
        `It can be done from ${formatInstant(possible)} on (with "lookBack":"10m")`
      );
    };
    for (const from of [FIRST, possible - MINUTE, possible - 1]) {
      expect(await refusal(name, request(from))).toBe(whole(from));
      expect(await refusal(name, request(from, { dryRun: true }))).toBe(whole(from));
      const command = [
        'replay',
        '--job',
        name,
        '--from',
        formatInstant(from),
        '--look-back',
        '10m',
        '--dry-run',
      ];
      await expect(weir.weir(...command)).rejects.toThrow(`ended with 1:\nweir replay: ${whole(from)}\n`);
    }
    // Of a partition that has lost less, alone, an earlier time can be had.
    expect(await ask(name, request(possible - 10 * MINUTE, { partitions: [0], dryRun: true }))).toMatchObject(
      { dryRun: true },
    );

    expect(await refusal(name, request(possible, { lookBack: '2h' }))).toContain(
      'There is no time yet from which it can be done with "lookBack":"2h": take a smaller one',
    );
    for (const from of [possible, possible + MINUTE])
      expect(await ask(name, request(from, { dryRun: true }))).toMatchObject({ dryRun: true, epoch: 1 });
    const told = await weir.weir(
      'replay',
      '--job',
      name,
      '--from',
      formatInstant(possible),
      '--look-back',
      '10m',
      '--dry-run',
    );
    expect(told).toContain(`${name} would be replayed (nothing has been changed)`);
    expect(await ask(name, request(possible))).toMatchObject({ dryRun: false, epoch: 1 });
    await replayed(name);
    expect(await weir.view(name)).toEqual(before);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(HITS.length);
  });

  it('is refused without such a time where what is open is gone', async () => {
    const topic = await weir.topic(2, HITS);
    const name = await started({ ...INPUT, topic }, HITS);
    const [{ open }] = (
      await weir.pool.query(
        'select rebuild_from as open from weir.progress where job = $1 and partition = 0',
        [name],
      )
    ).rows as [{ open: number }];
    const oldest = async (offset: number, from: number, lookBack = '0s'): Promise<string> => {
      await deleteRecordsBelow(weir.kafka, topic, [{ partition: 0, offset }]);
      return refusal(name, { from: formatInstant(from), lookBack, dryRun: true });
    };
    // Exactly what is open can be read: the results of before cannot, but those from the next millisecond on.
    const first = FIRST + open * 20_000;
    const low = formatInstant(first);
    const gone = `The replay is refused: retention has removed records of topic ${topic}: partition 0 has to be read from`;
    expect(await oldest(open, first)).toBe(`${gone} ${low} on, and its oldest record is of ${low}`);
    expect(await oldest(open, first + 1)).toBe('it was accepted');
    // By the look-back alone it is not: from now back, as far as it goes.
    expect(await oldest(open, first + MINUTE, '1h')).toContain(`its oldest record is of ${low}`);
    expect(await oldest(open + 1, first + 1)).toBe(
      `The replay is refused: retention has removed records of topic ${topic}: partition 0 has to be read from offset ${open} on, ` +
        `for what is open, and begins at ${open + 1} by now`,
    );
    await weir.drain(name);
  });

  it('is refused, and done, by the same times where records are regrouped by key', async () => {
    const random = seededRandom(SEED);
    const records = Array.from({ length: 4000 }, (_, i) => {
      const time = FIRST + i * 1500;
      const visitor = { user_id: `u${random.below(80)}`, ip: '192.0.2.1' };
      return {
        key: null,
        value: JSON.stringify({ ...visitor, event_time: new Date(time).toISOString() }),
        timestampMs: time,
        partition: random.below(3),
      };
    });
    const topic = await weir.topic(3, records);
    const input = {
      pipeline: 'sessions',
      topic,
      gap: '1m',
      delay: '5s',
      parallelism: 2,
      idle: 'off',
      maxBatchEvents: 50,
    };
    const name = await started(input, records);
    await targetsRead(name);
    const before = await sessionsOfJob(weir.pool, name);
    const gone = [100, 200, 150];
    await deleteRecordsBelow(
      weir.kafka,
      topic,
      gone.map((offset, partition) => ({ partition, offset })),
    );
    const firsts = gone.map(
      (offset, partition) => records.filter((each) => each.partition === partition)[offset]!.timestampMs,
    );
    const possible = Math.max(...firsts) + 30 * MINUTE + 1;
    const request = (from: number, more: object = {}) => ({
      from: formatInstant(from),
      lookBack: '30m',
      ...more,
    });
    const sentence = `It can be done from ${formatInstant(possible)} on (with "lookBack":"30m")`;
    for (const from of [FIRST, possible - 1]) {
      expect(await refusal(name, request(from))).toContain(sentence);
      expect(await refusal(name, request(from, { dryRun: true }))).toContain(sentence);
      await expect(
        weir.weir('replay', '--job', name, '--from', formatInstant(from), '--look-back', '30m', '--dry-run'),
      ).rejects.toThrow(sentence);
    }
    // Where sessions, not the look-back, decide, and with a larger gap, too.
    for (const more of [{ lookBack: '0s' }, { lookBack: '0s', gap: '3m' }]) {
      const said = await refusal(name, request(FIRST, more));
      const [, named] = /It can be done from (\S+) on/.exec(said)!;
      expect(await ask(name, { from: named, ...more, dryRun: true })).toMatchObject({ dryRun: true });
    }
    expect(await ask(name, request(possible, { dryRun: true }))).toMatchObject({ epoch: 1 });
    expect(await ask(name, request(possible))).toMatchObject({ epoch: 1 });
    await replayed(name);
    await targetsRead(name);
    expect(await sessionsOfJob(weir.pool, name)).toEqual(before);
    await weir.drain(name);
  });

  it('is refused where the internal topic has lost what its targets hold open', async () => {
    const records = Array.from({ length: 400 }, (_, i) => ({
      key: null,
      value: JSON.stringify({
        user_id: `u${i % 7}`,
        ip: '192.0.2.1',
        event_time: new Date(FIRST + i * 1000).toISOString(),
      }),
      timestampMs: FIRST + i * 1000,
      partition: i % 2,
    }));
    const topic = await weir.topic(2, records);
    const name = await started(
      { pipeline: 'sessions', topic, gap: '1m', delay: '5s', parallelism: 1, idle: 'off' },
      records,
    );
    await targetsRead(name);
    const internal = internalTopic(name, 0);
    const { rows } = await weir.pool.query(
      'select rebuild_from as open from weir.progress where job = $1 and stage = 2',
      [name],
    );
    const { open } = rows[0] as { open: number };
    const admin = createTopicAdmin(weir.kafka);
    const { endOffset } = (await admin.describe(internal))!.partitions[0]!;
    await admin.close();
    await deleteRecordsBelow(weir.kafka, internal, [{ partition: 0, offset: endOffset }]);
    expect(await refusal(name, { from: formatInstant(FIRST) })).toBe(
      `The replay is refused: the internal topic has lost what its targets hold open: offset ${open} of ${internal}/0 is not in the log, ` +
        `which holds ${endOffset} (oldest) to ${endOffset} (end)`,
    );
    await weir.drain(name);
  });

  /** Waits until all targets have read all that the sources have sent. */
  async function targetsRead(name: string): Promise<void> {
    await eventually('the targets to have read everything', async () => {
      const { rows } = await weir.pool.query(
        // min() leaves out a target that has read nothing yet.
        `select stage, case when bool_and(watermark is not null) then min(weir.millis(watermark)) end as line from weir.progress
         where job = $1 and epoch = (select max(epoch) from weir.progress where job = $1) group by stage order by stage`,
        [name],
      );
      return rows[0].line !== null && rows[0].line === rows[1].line;
    });
  }
});
