/** Commands and queries of the texts that need servers, in their order, as a person would type them. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTemporalCli } from '../../src/dev/temporal.js';
import { DEFAULT_TOPICS } from '../../src/pipelines/jobInput.js';
import { DEFAULTS } from '../../src/worker/config.js';
import { sharedStack } from '../support/stack.js';
import { eventually, Weir } from '../support/weir.js';
import { blocksOf, ROOT, TEXTS, type Block } from './markdown.js';
import { fits, Shell, stepsOf } from './session.js';

/** They only look, so they may be asked again until what they show has come. */
const LOOKS = /^psql | (query|list|result|status) /;
const hasPsql = spawnSync('psql', ['--version']).status === 0;
if (!hasPsql) console.log('skipped, since psql is absent: what texts ask it');

describe('on real servers', () => {
  let weir: Weir;
  let shell: Shell;

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    Object.assign(weir.env, { WEIR_TASK_QUEUE: DEFAULTS.WEIR_TASK_QUEUE }); // as the texts have it
    const cli = dirname((await findTemporalCli(process.env))!);
    const env = {
      ...weir.env,
      PATH: `${cli}:${process.env['PATH']}`,
      TEMPORAL_CODEC_ENDPOINT: sharedStack().codecAddress,
      PAGER: '',
      PGTZ: 'UTC',
    };
    shell = new Shell([process.execPath, join(ROOT, 'bin/weir.mjs')], env);
    await weir.startWorker();
    await asAfterNpmStart();
    writeAccessLog(join(shell.folder, 'access.log'));
  });
  afterAll(() => weir.close());

  /** Four partitions of traffic, and the jobs `hits` and `sessions`, that have read it. */
  async function asAfterNpmStart(): Promise<void> {
    const topic = DEFAULT_TOPICS.hits;
    const traffic = [
      '--events',
      '20000',
      '--event-rate',
      '20/s',
      '--malformed',
      '0.01',
      '--late',
      '0.01',
      '--visits',
    ];
    await weir.weir('generate', '--topic', topic, '--partitions', '4', ...traffic);
    const inputs = {
      hits: { pipeline: 'hits' },
      sessions: { pipeline: 'sessions', topic, partitionedBy: 'key' },
    };
    for (const [workflowId, input] of Object.entries(inputs)) {
      await weir.client.workflow.start('pipeline', {
        workflowId,
        taskQueue: DEFAULTS.WEIR_TASK_QUEUE,
        args: [input],
      });
    }
    await weir.committed('hits', 20_000);
    await weir.committed('sessions', 20_000);
  }

  async function runAsShown(block: Block): Promise<void> {
    for (const { command, expected } of stepsOf(block)) {
      if (!hasPsql && command.startsWith('psql ')) continue;
      let output = '';
      const asShown = async (): Promise<boolean> => {
        output = (await shell.run(command)).replaceAll(/ +$/gm, ''); // psql and tables fill up the last column
        return fits(output, expected);
      };
      const ok = LOOKS.test(command)
        ? await eventually(command, asShown, 30_000).catch(() => false)
        : await asShown();
      if (!ok) expect(output, `${block.text}:${block.at}: ${command}`).toBe(`${expected.join('\n')}\n`);
    }
  }

  const blocks = TEXTS.flatMap(blocksOf);
  const sessions = blocks.filter(({ comment }) => comment === 'run: stack');
  const queries = blocks.filter(({ language }) => language === 'sql');

  // README.md comes first, so its jobs are there for what follows.
  it.each(sessions.filter(({ text }) => text === 'README.md'))('$text:$at prints what it shows', runAsShown);

  it.each(queries)('$text:$at: the query gives rows', async ({ lines }) => {
    const { rowCount } = await weir.pool.query(lines.join('\n'));
    expect(rowCount).toBeGreaterThan(0);
  });

  it.each(sessions.filter(({ text }) => text !== 'README.md'))('$text:$at prints what it shows', runAsShown);
});

/** 10,000 lines, of which one is cut off. */
function writeAccessLog(path: string): void {
  writeFileSync(path, '');
  for (let i = 0; i < 10_000; i++) {
    const time = new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString();
    const clock = `[01/Jan/2026:${time.slice(11, 19)} +0000]`;
    const line = `192.0.2.${i % 200} - - ${clock} "GET /${i % 7} HTTP/1.1" 200 ${i} "https://www.example.com/" "curl/8.5.0"\n`;
    appendFileSync(path, i === 5000 ? `${line.slice(0, -5)}\n` : line);
  }
}
