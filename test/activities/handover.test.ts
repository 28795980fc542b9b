import { describe, expect, it } from 'vitest';
import { Handover } from '../../src/activities/handover.js';

describe('a worker that stops', () => {
  it('lets polls return before', async () => {
    await expect(new Handover().passing()).resolves.toBeUndefined();
  });

  it('lets none return from then on, and gives them back to be tried again soon, without a warning', async () => {
    const handover = new Handover();
    handover.hold();
    let over = false;
    const held = handover.passing().finally(() => (over = true));
    held.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    handover.giveBack();
    const failure = { type: 'WorkerStops', nonRetryable: false, nextRetryDelay: '50ms', category: 'BENIGN' };
    await expect(held).rejects.toMatchObject(failure);
    await expect(handover.givenBack).rejects.toMatchObject(failure);
  });
});
