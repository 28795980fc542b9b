/** docs/clicks.md: what psql prints of its example, letter by letter. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { migrate } from '../../src/io/postgres/migrate.js';
import { createPool } from '../../src/io/postgres/pool.js';
import { loadConfig } from '../../src/worker/config.js';
import { clicksJob, writeClicks } from '../support/clicksJob.js';
import { sharedStack } from '../support/stack.js';
import { uniqueName } from '../support/weir.js';
import { blocksOf } from './markdown.js';
import { fits, isSession, Shell, stepsOf } from './session.js';

const TEXT = 'docs/clicks.md';
const there = spawnSync('psql', ['--version']).status === 0;
if (!there) console.log('skipped, since psql is absent: what docs/clicks.md asks it');

describe.skipIf(!there)(TEXT, () => {
  const database = uniqueName('docs').replaceAll('-', '_');
  const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
  const url = new URL(sharedStack().postgresUrl);
  url.pathname = database;
  const shell = new Shell([], { ...process.env, POSTGRES_URL: url.href, PAGER: '', PGTZ: 'UTC' });
  let admin: pg.Pool;
  let pool: pg.Pool;

  beforeAll(async () => {
    admin = createPool(postgres, 1);
    await admin.query(`create database ${database}`);
    await migrate({ ...postgres, database });
    pool = createPool({ ...postgres, database }, 1);
    await writeClicks(pool, { name: 'clicks', job: clicksJob(), partitions: [exampleEvents()] });
  });
  afterAll(async () => {
    await pool.end();
    await admin.query(`drop database ${database}`);
    await admin.end();
  });

  const steps = blocksOf(TEXT)
    .filter(({ comment }) => comment === 'run: psql')
    .flatMap(stepsOf);
  it.each(steps)('$command', async ({ command, expected }) => {
    const output = (await shell.run(command)).replaceAll(/ +$/gm, ''); // psql fills up the last column
    if (!fits(output, expected)) expect(output, command).toBe(`${expected.join('\n')}\n`);
  });
});

/** The lines of the file that the example makes. */
function exampleEvents(): object[] {
  const [step] = blocksOf(TEXT).filter(isSession).flatMap(stepsOf);
  const lines = step!.command.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as object);
}
