import type { TestProject } from 'vitest/node';

import { removeAbandonedStacks, startTestStack } from './support/stack.js';

/** One stack for all integration tests; vitest calls what is returned when the last of them has ended. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandonedStacks();
  const stack = await startTestStack('shared', {
    progress: (line) => console.log(`stack: ${line}`),
  });
  project.provide('stack', {
    kafkaUrl: stack.kafka.address,
    temporalAddress: stack.temporal.address,
    postgresUrl: stack.postgres.address,
    codecAddress: stack.codec.address,
  });
  return () => stack.remove();
}
