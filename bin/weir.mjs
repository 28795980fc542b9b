#!/usr/bin/env -S node --max-semi-space-size=8
// Half of Node's default young generation: a worker needs about 25 MB less, and no more CPU time.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main);
} else {
  console.error('weir is not built yet: run `node bin/setup.mjs` in its folder once.');
  process.exitCode = 1;
}
