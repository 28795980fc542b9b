/** docs/clicks.md: what psql prints of its example, letter by letter. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clicksJob, writeClicks } from '../support/clicksJob.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { blocksOf } from './markdown.js';
import { fits, isSession, Shell, stepsOf } from './session.js';

const TEXT = 'docs/clicks.md';
const there = spawnSync('psql', ['--version']).status === 0;
if (!there) console.log('skipped, since psql is absent: what docs/clicks.md asks it');

describe.skipIf(!there)(TEXT, () => {
  let database: TestDatabase;
  let shell: Shell;

  beforeAll(async () => {
    database = await createDatabase({ connections: 1 });
    shell = new Shell([], { ...process.env, POSTGRES_URL: database.url, PAGER: '', PGTZ: 'UTC' });
    await writeClicks(database.pool, { name: 'clicks', job: clicksJob(), partitions: [exampleEvents()] });
  });
  afterAll(() => database.drop());

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
