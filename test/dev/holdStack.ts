import { startStack } from '../../src/dev/stack.js';

/** Starts a stack in the folder that the first argument names, prints its processes, and stays: for tests that kill it. */
const stack = await startStack({
  dataDir: process.argv[2]!,
  env: process.env,
  progress: () => undefined,
  usualPorts: false,
  headless: true,
});
console.log(JSON.stringify([stack.kafka.pid, stack.temporal.pid, stack.postgres.pid]));
