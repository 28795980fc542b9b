import { defineConfig } from 'vitest/config';

const integration = 'test/**/*.it.test.ts';
const ownStacks = 'test/{dev,faults}/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Stopping the stack's servers in good order.
    teardownTimeout: 60_000,
    // Vitest sets it to `test`, and kafkajs then retries in another way than it does in production.
    env: { NODE_ENV: '' },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [integration, ownStacks] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration],
          globalSetup: ['test/globalSetup.ts'],
        },
      },
      {
        extends: true,
        // Each starts servers of its own: one after the other, when the rest has the machine no more.
        test: { name: 'dev', include: [ownStacks], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
