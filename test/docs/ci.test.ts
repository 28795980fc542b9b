/** What CI's script says and how it ends, with an npm that only pretends. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './markdown.js';

interface Pretend {
  start?: number;
  tests?: number;
  report: object | null;
}

/** Runs `.ci/run`; `npm start` and `npm test` end with the given codes. */
function ciRun({ start = 0, tests = 0, report }: Pretend) {
  const programs = mkdtempSync(join(tmpdir(), 'weir-ci-'));
  const npm = [
    '#!/bin/sh',
    `[ "$*" = "start -- --once" ] && exit ${start}`,
    `[ "$1" = test ] || exit 99`,
    'for word in "$@"; do case $word in --outputFile.json=*) file=${word#*=};; esac; done',
    ...(report === null ? [] : [`cat > "$file" <<'END'`, JSON.stringify(report), 'END']),
    `exit ${tests}`,
  ];
  writeFileSync(join(programs, 'npm'), `${npm.join('\n')}\n`);
  chmodSync(join(programs, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH']}` };
  const { status, stdout } = spawnSync(join(ROOT, '.ci/run'), { env, encoding: 'utf8', cwd: tmpdir() });
  return { ok: status === 0, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

const test = (status: string) => ({ status });
const file = (status: string, ...assertionResults: object[]) => ({ status, assertionResults });
const passed = { numPassedTests: 5, numFailedTests: 0, testResults: [file('passed', test('passed'))] };

it('counts the quick start as one that passed', () => {
  expect(ciRun({ report: passed })).toEqual({ ok: true, lastLine: '6 passed, 0 failed' });
});

it('fails when the quick start fails, and runs the tests all the same', () => {
  expect(ciRun({ start: 1, report: passed })).toEqual({ ok: false, lastLine: '5 passed, 1 failed' });
});

it('fails when tests fail', () => {
  const report = {
    numPassedTests: 4,
    numFailedTests: 2,
    testResults: [file('failed', test('failed'), test('failed'))],
  };
  expect(ciRun({ tests: 1, report })).toEqual({ ok: false, lastLine: '5 passed, 2 failed' });
});

it('counts a file that could not be loaded', () => {
  const report = { ...passed, testResults: [file('failed'), ...passed.testResults] };
  expect(ciRun({ tests: 1, report })).toEqual({ ok: false, lastLine: '6 passed, 1 failed' });
});

it('fails when vitest failed outside of any test', () => {
  expect(ciRun({ tests: 1, report: passed })).toEqual({ ok: false, lastLine: '6 passed, 1 failed' });
});

it('fails when there is no report', () => {
  expect(ciRun({ tests: 143, report: null })).toEqual({ ok: false, lastLine: '1 passed, 1 failed' });
});
