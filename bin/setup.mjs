/** Runs before `npm start` and `npm test`: installs and builds when something changed, and is silent when nothing did. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, hashOf, isUpToDate, packages, root } from './inputs.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
// Those can require() a module: the Temporal SDK loads our payload converter in that way.
if (major < 20 || (major === 20 && minor < 19) || major === 21 || (major === 22 && minor < 12)) {
  fail(
    `weir needs Node 20.19 or 22.12, or newer, and this is ${process.versions.node}: install a newer one and run this again.`,
  );
}

if (!isUpToDate(packages)) {
  console.log('setup: installing packages (npm ci)');
  // Development packages in any case: the compiler is one of them.
  step('npm ci', ...npm(['ci', '--include=dev', '--no-audit', '--no-fund']));
  writeFileSync(packages.stamp, hashOf(packages.inputs));
}
if (!isUpToDate(build)) {
  console.log('setup: building src and wasm into dist');
  step('the build', process.execPath, [join(root, 'bin', 'build.mjs')]);
}

/** The npm that runs us, else the one on the PATH. */
function npm(args) {
  const script = process.env.npm_execpath;
  const known = script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script);
  return known ? [process.execPath, [script, ...args]] : ['npm', args];
}

function step(name, file, args) {
  const { status, error, stdout, stderr } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (status !== 0)
    fail(`${stdout ?? ''}${stderr ?? ''}setup: ${name} failed${error ? `: ${error.message}` : ''}`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
