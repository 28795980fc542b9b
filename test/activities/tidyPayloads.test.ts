import { describe, expect, it } from 'vitest';

import { createTidyPayloads } from '../../src/activities/tidyPayloads.js';
import { DELETED_AT_ONCE } from '../../src/io/postgres/deletePayloads.js';
import type { Queryable } from '../../src/io/postgres/pool.js';

const MINUTE = 60_000;

/** A table of which each delete takes the next number of rows, and a clock. */
function setting(deletes: (number | Error)[]) {
  const world = { calls: 0, now: 0 };
  const db = {
    query: async () => {
      const deleted = deletes[world.calls++] ?? 0;
      if (deleted instanceof Error) throw deleted;
      return { rowCount: deleted };
    },
  } as unknown as Queryable;
  const tidy = createTidyPayloads(db, { now: () => world.now });
  const at = async (minutes: number) => {
    world.now = minutes * MINUTE;
    await tidy();
    return world.calls;
  };
  return { at, tidy, world };
}

describe('unneeded payloads', () => {
  it('are deleted at once, and then exactly ten minutes later', async () => {
    const { at } = setting([]);
    expect(await at(0)).toBe(1);
    expect(await at(9.999)).toBe(1);
    expect(await at(10)).toBe(2);
    expect(await at(19.999)).toBe(2);
    expect(await at(20)).toBe(3);
  });

  it('are deleted again at the next call where there were as many as go at once', async () => {
    const { at } = setting([DELETED_AT_ONCE, DELETED_AT_ONCE, DELETED_AT_ONCE - 1]);
    expect(await at(0)).toBe(1);
    expect(await at(0)).toBe(2);
    expect(await at(1)).toBe(3);
    expect(await at(1)).toBe(3);
  });

  it('are deleted by one of the calls of a moment', async () => {
    const { tidy, world } = setting([]);
    await Promise.all([tidy(), tidy(), tidy()]);
    expect(world.calls).toBe(1);
  });

  it('wait ten minutes when it failed: the next survey must not fail again', async () => {
    const { at } = setting([new Error('no such table')]);
    await expect(at(0)).rejects.toThrow('no such table');
    expect(await at(9.999)).toBe(1);
    expect(await at(10)).toBe(2);
  });
});
