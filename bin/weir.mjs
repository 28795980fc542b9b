#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main);
} else {
  console.error('weir is not built yet: run `node bin/setup.mjs` in its folder once.');
  process.exitCode = 1;
}
