/**
 * Histories of released versions, recorded by test/e2e/histories.it.test.ts: runs that are open when workers are upgraded must go on. A
 * change of the commands that a workflow gives needs `patched`, and this test says so.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replay, type RecordedRun } from '../support/replay.js';

const HISTORIES = join(import.meta.dirname, '../histories');
const versions = readdirSync(HISTORIES);

describe.each(versions)('histories of %s', (version) => {
  it.each(readdirSync(join(HISTORIES, version)))('%s replays', async (file) => {
    await replay(JSON.parse(readFileSync(join(HISTORIES, version, file), 'utf8')) as RecordedRun);
  });
});

describe('a replay', () => {
  it('of a history in which something else was done is refused', async () => {
    const text = readFileSync(join(HISTORIES, versions[0]!, 'partition-drained.json'), 'utf8');
    const changed = JSON.parse(text.replaceAll('"claim"', '"clime"')) as RecordedRun;
    await expect(replay(changed)).rejects.toThrow(/nondeterminism/i);
  });
});
