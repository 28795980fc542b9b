/**
 * What is asked of jobs – pause, resume, drain, replay, sending rejected records again – has its effect, and nothing else, whatever is
 * killed in its middle (docs/semantics.md, starting again). Each operation is on a job of its own, held at a gate when the victim dies.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Service } from '../../src/dev/service.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { Weir } from '../support/weir.js';
import { Operations } from './operations.js';
import type { UnderWay } from './underWay.js';

const RULES = {
  pause: 'pauses a partition that was to be paused',
  resume: 'lets a job read on that was to be resumed',
  drainThatReads: 'drains a job that had still to read',
  drainThatCloses: 'writes what a drained job had open',
  replay: 'replays to the rows of a fresh run',
  replayThatBegins: 'begins a replay, once',
  resend: 'sends rejected records again, each once',
} as const;
type Operation = keyof typeof RULES;
const OPERATIONS = Object.entries(RULES) as [Operation, string][];

describe('an operation under way', () => {
  let stack: TestStack;
  let weir: Weir;
  let operations: Operations;

  beforeAll(async () => {
    stack = await startTestStack('operations');
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
    await weir.startWorker();
    operations = await Operations.on(weir, stack.postgres.address);
  });
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  const server = (choose: () => Service) => ({
    kill: () => choose().kill(),
    restart: () => choose().restart(),
  });
  const victims = {
    'the worker': { kill: () => weir.stopWorker('SIGKILL'), restart: () => weir.startWorker() },
    Kafka: server(() => stack.kafka),
    Temporal: server(() => stack.temporal),
    Postgres: server(() => stack.postgres),
  };

  describe.each(Object.entries(victims))('when %s is killed', (_, { kill, restart }) => {
    const underWay = new Map<Operation, UnderWay & { goneOn: Promise<number> }>();

    beforeAll(async () => {
      const begun = await Promise.all(
        OPERATIONS.map(async ([name]) => [name, await operations[name]()] as const),
      );
      const at = Date.now();
      await kill();
      await Promise.all(begun.map(([, { gate }]) => gate.open()));
      await restart();
      for (const [name, each] of begun) {
        const goneOn = each.goesOn().then(() => Date.now() - at);
        goneOn.catch(() => undefined); // its test fails
        underWay.set(name, { ...each, goneOn });
      }
    });
    afterAll(async () => {
      const times = await Promise.all(
        [...underWay].map(async ([name, { goneOn }]) => `${name} ${((await goneOn) / 1000).toFixed(1)} s`),
      );
      console.log(`from the kill to the next commit: ${times.join(', ')}`);
    });

    it.each(OPERATIONS)('%s: %s', { timeout: 120_000 }, async (name) => {
      const operation = underWay.get(name)!;
      await operation.goneOn;
      await operation.check();
    });
  });
});
