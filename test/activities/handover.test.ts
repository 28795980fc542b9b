import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Handover, unlessAborted } from '../../src/activities/handover.js';

describe('a worker that stops', () => {
  it('lets polls return before', async () => {
    await expect(new Handover().passing()).resolves.toBe(false);
  });

  it('lets none return from then on, until they are given back', async () => {
    const handover = new Handover();
    handover.hold();
    let over = false;
    const held = handover.passing().then(() => (over = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([over, handover.givenBack.aborted]).toEqual([false, false]);
    handover.giveBack();
    await held;
    expect(handover.givenBack.aborted).toBe(true);
    await expect(handover.passing()).resolves.toBe(true);
  });
});

describe('what is waited for unless a signal aborts', () => {
  const never = new Promise<never>(() => undefined);

  it('is what the work gives, or its error', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('away')), signal)).rejects.toThrow('away');
  });

  it('is null once the signal aborts, and where it had', async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(never, controller.signal);
    controller.abort();
    await expect(waiting).resolves.toBeNull();
    await expect(unlessAborted(Promise.reject(new Error('away')), controller.signal)).resolves.toBeNull();
  });

  it('leaves nothing on the signal: it lives as long as the worker', async () => {
    const { signal } = new AbortController();
    await unlessAborted(Promise.resolve(7), signal);
    await unlessAborted(Promise.reject(new Error('away')), signal).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
