/** Every message that bad use of a job or of the command can cause, each with its cure in docs/operations.md. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { internalTopic } from '../../src/io/kafka/internalTopic.js';
import { fits } from '../docs/session.js';
import { unchecked, usesOf, withoutCure } from '../support/badUse.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { sharedStack } from '../support/stack.js';
import { hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
const FROM = '2026-01-01T00:01:00Z';

/** One job for all that needs one; one that has completed, one that regroups; two that never began, of which nobody has tried to start the second. */
const JOB = uniqueName('use');
const DRAINED = uniqueName('drained');
const REGROUPED = uniqueName('regrouped');
const NOBODY = uniqueName('nobody');
const NEVER = uniqueName('never');
const TOPIC = uniqueName('use-topic');

const EXPECTED_TIME =
  'from: expected a time such as "2026-01-01T10:00:00Z", or epoch seconds or milliseconds';
const NO_INPUT = 'The replay is refused: its input is not right:\n';
const DURATION = 'expected a duration such as "5m", "30s", "250ms" or "1h"';

describe('bad use', () => {
  let weir: Weir;
  let empty: TestDatabase;
  const input = { pipeline: 'hits', topic: TOPIC, size: '1m', delay: '5s', idle: 'off' };

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    empty = await createDatabase();
    const records = Array.from({ length: 400 }, (_, i) => ({
      ...hit({ time: FIRST + i * 1000 }),
      partition: i % 2,
    }));
    await ensureTopic(weir.kafka, { topic: TOPIC, partitions: 2 });
    await weir.produce(TOPIC, records);
    await weir.start(JOB, input);
    await weir.start(DRAINED, input);
    await weir.start(REGROUPED, {
      pipeline: 'sessions',
      topic: TOPIC,
      idle: 'off',
      gap: '1m',
      parallelism: 2,
    });
    for (const name of [JOB, DRAINED, REGROUPED]) await weir.committed(name, 400);
    await weir.drain(DRAINED);
  });
  afterAll(async () => {
    for (const name of [JOB, REGROUPED]) {
      await weir.client.workflow.getHandle(name).executeUpdate('resume');
      await weir.drain(name);
    }
    await empty.drop();
    await weir.close();
  });

  const { asked, started, command, commandIn, whileSet, signalled } = usesOf(() => weir);

  const refused: [what: string, use: () => Promise<unknown>, says: string][] = [
    [
      'a start without a pipeline',
      started(NOBODY, {}),
      `The job's input is not right:\n  - pipeline: expected "hits" or "sessions" or "clicks"`,
    ],
    [
      'a start with several mistakes',
      started(NOBODY, { pipeline: 'hits', size: 'long', gap: '1m' }),
      `The job's input is not right:\n  - size: ${DURATION}\n  - Unrecognized key: "gap"`,
    ],
    [
      'a start as another job',
      started(DRAINED, { ...input, size: '2m' }),
      `Job ${DRAINED} exists and is not started, because it would be another job: size was 1m, not 2m, slide was 1m, not 2m. Start it under another workflow id, or as it was.`,
    ],
    [
      'a start with another delay',
      started(DRAINED, { ...input, delay: '1m' }),
      `Job ${DRAINED} exists and is not started, because what is late would change: delay was 5s, not 1m. That takes a replay of the job; or start it as it was.`,
    ],
    [
      'a start over no topic',
      started(NOBODY, { ...input, topic: NOBODY }),
      `Kafka at ${sharedStack().kafkaUrl} has no topic ${NOBODY}: make it, or name another in the job's input, and start the job again`,
    ],
    [
      'a start with / in its name',
      started(`${NOBODY}/a`, input),
      `The workflow id of a job names the job and has no "/" in it: ${NOBODY}/a`,
    ],
    [
      'a start with a name that is too long',
      started('n'.repeat(901), input),
      `The workflow id of a job has at most 900 bytes: ${'n'.repeat(901)}`,
    ],
    [
      'a start over a topic that was made again',
      whileSet(
        `update weir.job set topic_id = 'AAA' where name = '${DRAINED}'`,
        `update weir.job set topic_id = null where name = '${DRAINED}'`,
        started(DRAINED, input),
      ),
      `topic ${TOPIC} was deleted and made again: its id is … now, and the job has read the one with id AAA. Start a job under another workflow id, which reads the new topic from its oldest offset`,
    ],

    [
      'a pause of no partition',
      asked(JOB, 'pause', { partitions: [7, 0, 9] }),
      'The job has no partition 7, 9',
    ],
    [
      'a pause of an empty list',
      asked(JOB, 'pause', { partitions: [] }),
      'partitions: expected a list of numbers, such as {"partitions":[0,3]}',
    ],
    [
      'a resume of a number',
      asked(JOB, 'resume', { partitions: 0 }),
      'partitions: expected a list of numbers, such as {"partitions":[0,3]}',
    ],
    ['a resume of no partition', asked(JOB, 'resume', { partitions: [2] }), 'The job has no partition 2'],
    [
      'a signal to pause no partition',
      signalled(JOB, 'pause', { partitions: [7] }),
      'ApplicationFailure: The job has no partition 7',
    ],
    ['a pause of a job that has completed', asked(DRAINED, 'pause'), 'workflow execution already completed'],
    ['a resume of a job that is not there', asked(NEVER, 'resume'), `workflow not found for ID: ${NEVER}`],
    ['an update that is none', asked(JOB, 'stop'), 'No registered handler for update: stop'],

    [
      'a drain of a partition',
      asked(`${JOB}/0`, 'drain'),
      `A partition cannot be drained by itself: ask job ${JOB} for it`,
    ],
    [
      'a replay of a partition',
      asked(`${JOB}/0`, 'replay', { from: FROM }),
      `A partition cannot be replayed by itself: ask job ${JOB} for it`,
    ],
    ['a drain of a job that has completed', asked(DRAINED, 'drain'), 'workflow execution already completed'],

    ['a replay from nowhere', asked(JOB, 'replay'), `${NO_INPUT}  - ${EXPECTED_TIME}`],
    [
      'a replay from yesterday',
      asked(JOB, 'replay', { from: 'yesterday' }),
      `${NO_INPUT}  - ${EXPECTED_TIME}`,
    ],
    [
      'a replay with another size',
      asked(JOB, 'replay', { from: FROM, size: '2m' }),
      `${NO_INPUT}  - Unrecognized key: "size"`,
    ],
    [
      'a replay of hits with a gap',
      asked(JOB, 'replay', { from: FROM, gap: '2m' }),
      `${NO_INPUT}  - Unrecognized key: "gap"`,
    ],
    [
      'a replay with several mistakes',
      asked(JOB, 'replay', { delay: 'long', lookBack: '-1m' }),
      `${NO_INPUT}  - ${EXPECTED_TIME}\n  - lookBack: must be at least 0ms and at most 87600h\n  - delay: ${DURATION}`,
    ],
    [
      'a replay of an empty list',
      asked(JOB, 'replay', { from: FROM, partitions: [] }),
      `${NO_INPUT}  - partitions: Too small: expected array to have >=1 items`,
    ],
    [
      'a replay of a text',
      asked(JOB, 'replay', 'all'),
      `${NO_INPUT}  - Invalid input: expected object, received string`,
    ],
    [
      'a replay of no partition',
      asked(JOB, 'replay', { from: FROM, partitions: [0, 7] }),
      'The replay is refused: the job has no partition 7',
    ],
    [
      'a replay of a job that has completed',
      asked(DRAINED, 'replay', { from: FROM }),
      'workflow execution already completed',
    ],
    [
      'a replay of some partitions of a job that regroups',
      asked(REGROUPED, 'replay', { from: FROM, partitions: [0] }),
      'The replay is refused: the job regroups its records by key, so that all partitions have to be replayed',
    ],
    [
      'a replay while targets have read nothing',
      whileSet(
        `update weir.progress set watermark = null where job = '${REGROUPED}' and stage = 2 and partition = 0`,
        `update weir.progress set watermark = (select watermark from weir.progress where job = '${REGROUPED}' and stage = 2 and partition = 1) where job = '${REGROUPED}' and stage = 2 and partition = 0`,
        asked(REGROUPED, 'replay', { from: FROM }),
      ),
      'The replay is refused: some targets of the regrouping have read nothing yet: try again in a moment',
    ],
    [
      'a replay where its internal topic is there',
      async () => {
        await ensureTopic(weir.kafka, { topic: internalTopic(REGROUPED, 1), partitions: 3, internal: true });
        return asked(REGROUPED, 'replay', { from: FROM })();
      },
      `The replay is refused: the internal topic weir.${REGROUPED}.1 is there from another life of the job, with 3 partitions instead of 2: delete it`,
    ],
    [
      'a replay that another start has begun',
      whileSet(
        `update weir.job set epoch = 3 where name = '${JOB}'`,
        `update weir.job set epoch = 0 where name = '${JOB}'`,
        asked(JOB, 'replay', { from: FROM }),
      ),
      `The replay is refused: job ${JOB} is at epoch 3, not at 0: start it again first`,
    ],
    [
      'a replay of a job that somebody has removed',
      whileSet(
        unchecked(`update weir.job set name = '${NOBODY}' where name = '${JOB}'`),
        unchecked(`update weir.job set name = '${JOB}' where name = '${NOBODY}'`),
        asked(JOB, 'replay', { from: FROM }),
      ),
      `The replay is refused: there is no job ${JOB}`,
    ],
    [
      'a replay of a topic that was made again',
      whileSet(
        `update weir.job set topic_id = 'AAA' where name = '${JOB}'`,
        `update weir.job set topic_id = null where name = '${JOB}'`,
        asked(JOB, 'replay', { from: FROM }),
      ),
      `topic ${TOPIC} was deleted and made again: its id is … now, and the job has read the one with id AAA. Start a job under another workflow id, which reads the new topic from its oldest offset`,
    ],

    [
      'weir replay without anything',
      command('replay'),
      "2: error: required option '--job <name>' not specified",
    ],
    [
      'weir replay with an unknown option',
      command('replay', '--job', JOB, '--from', FROM, '--to', FROM),
      "2: error: unknown option '--to'",
    ],
    [
      'weir replay from yesterday',
      command('replay', '--job', JOB, '--from', 'yesterday'),
      `1: weir replay: ${NO_INPUT}  - ${EXPECTED_TIME}`,
    ],
    [
      'weir replay with letters as partitions',
      command('replay', '--job', JOB, '--from', FROM, '--partitions', '0,a'),
      '2: weir replay: --partitions: "0,a" is not a list of numbers such as 0,3',
    ],
    [
      'weir replay of a job that is not there',
      command('replay', '--job', NEVER, '--from', FROM),
      `1: weir replay: job ${NEVER} does not run: start it, then ask again`,
    ],
    [
      'weir replay of a job that has completed',
      command('replay', '--job', DRAINED, '--from', FROM),
      `1: weir replay: job ${DRAINED} does not run: start it, then ask again`,
    ],
    [
      'weir replay without Temporal',
      commandIn({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'replay', '--job', JOB, '--from', FROM),
      '1: weir replay: Temporal at 127.0.0.1:1 does not answer (Failed to connect before the deadline)',
    ],

    [
      'weir status of a job that is not there',
      command('status', NOBODY),
      `2: weir status: there is no job ${NOBODY}`,
    ],
    [
      'weir status before any job',
      () => commandIn({ POSTGRES_URL: empty.url }, 'status')(),
      '2: weir status: no job was ever started',
    ],
    [
      'weir status without Postgres',
      commandIn({ POSTGRES_URL: 'postgres://127.0.0.1:1/weir' }, 'status'),
      '1: weir status: Postgres at 127.0.0.1:1 does not answer (ECONNREFUSED)',
    ],

    [
      'weir rejected replay with several mistakes',
      command('rejected', 'replay', '--partition', 'x', '--limit', '0', '--from', 'yesterday'),
      `2: weir rejected:\n  - --partition "x": must be a whole number of at least 0\n  - --from "yesterday": must be 'now', '5m ago' or a time such as 2026-01-01T00:00:00Z\n  - --limit "0": must be a whole number of at least 1`,
    ],
    [
      'weir rejected replay to before from',
      command('rejected', 'replay', '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'),
      '2: weir rejected: --from has to be before --to',
    ],
    [
      'weir rejected count by topic',
      command('rejected', 'count', '--by', 'topic'),
      '2: weir rejected: --by "topic": must be partition',
    ],
    [
      'weir rejected show of what is not there',
      command('rejected', 'show', JOB, '0', '12'),
      `2: weir rejected: weir.rejected holds no record of ${JOB}, partition 0, offset 12`,
    ],
    [
      'weir rejected show in two ways',
      command('rejected', 'show', JOB, '0', '12', '--raw', '--json'),
      '2: weir rejected: --raw and --json: one of them',
    ],
  ];

  it.each(refused)('%s is refused', async (_, use, says) => {
    const said = String(await use());
    if (!fits(said, says.split('\n'))) expect(said).toBe(says);
    for (const sentence of withoutCure(said)) expect(sentence).toBe('one of those in docs/operations.md');
  });

  const taken: [what: string, use: () => Promise<unknown>, answer: unknown][] = [
    [
      'a pause of what is paused',
      async () => [await asked(JOB, 'pause')(), await asked(JOB, 'pause')()],
      [0, 1].map(() => ({ job: JOB, paused: true, partitions: [0, 1] })),
    ],
    [
      'a resume of what is not paused',
      async () => [await asked(JOB, 'resume')(), await asked(JOB, 'resume')()],
      [0, 1].map(() => ({ job: JOB, paused: false, partitions: [0, 1] })),
    ],
    [
      'a replay from the future: from what is committed',
      asked(JOB, 'replay', { from: '2126-01-01T00:00:00Z', dryRun: true }),
      expect.objectContaining({
        partitions: [
          expect.objectContaining({ from: '2026-01-01T00:06:33.000Z' }),
          expect.objectContaining({ from: '2026-01-01T00:06:34.000Z' }),
        ],
        results: 0,
      }),
    ],
    ['weir rejected replay of nothing', command('rejected', 'replay', '--job', NOBODY), '0: nothing to send'],
  ];

  it.each(taken)('%s is not', async (_, use, answer) => {
    expect(await use()).toEqual(answer);
  });

  it('a replay of a job that is being drained is refused', async () => {
    // Paused, so that the drain is not over before the replay is asked for.
    await asked(JOB, 'pause')();
    await weir.produce(TOPIC, [{ ...hit({ time: FIRST + 400_000 }), partition: 0 }]);
    await weir.client.workflow.getHandle(JOB).signal('drain');
    expect(await asked(JOB, 'replay', { from: FROM })()).toBe(
      'The replay is refused: the job is being drained. Start it again when it has completed, and ask again',
    );
  });
});
