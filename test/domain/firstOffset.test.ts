/** What is open can be read again from its first offset (docs/semantics.md, claim). */
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { OpenSessions } from '../../src/domain/openSessions.js';
import type { Session } from '../../src/domain/sessions.js';
import { testSeed } from '../support/scenarios.js';

const GAP = 10;

function visit(key: string, time: number, offset: number) {
  return { key, first: time, last: time, count: 1, offset, source: 0, at: offset, attributes: null };
}

test('the first offset of a few open sessions is exact, whatever was closed', () => {
  const open = new OpenSessions<null>(GAP);
  expect(open.firstOffset()).toBeNull();
  open.join(visit('a', 0, 7));
  open.join(visit('b', 1, 8));
  open.join(visit('b', 3, 5)); // a suspect, which is merged behind the others
  expect(open.firstOffset()).toBe(5);
  open.close(GAP + 3, []);
  expect(open.firstOffset()).toBeNull();
  open.join(visit('c', 20, 9));
  expect(open.firstOffset()).toBe(9);
});

test('that of many is never after one of theirs, and of what was closed it holds a sixteenth at most', () => {
  const random = seededRandom(testSeed());
  const open = new OpenSessions<null>(GAP);
  const offsets = new Map<string, number>();
  const closedSinceExact: Session<null>[] = [];
  for (let offset = 0; offset < 20_000; offset++) {
    const key = String(random.below(2000));
    open.join(visit(key, offset / 500, offset));
    if (!offsets.has(key)) offsets.set(key, offset);
    if (offset % 50 !== 0) continue;
    const closed: Session<null>[] = [];
    open.close(offset / 500 - random.below(20), closed);
    for (const session of closed) offsets.delete(session.key);
    closedSinceExact.push(...closed);
    const exact = Math.min(...offsets.values());
    const first = open.firstOffset();
    if (offsets.size === 0) {
      expect(first).toBeNull();
      continue;
    }
    expect(first).toBeLessThanOrEqual(exact);
    if (first === exact) closedSinceExact.length = 0;
    expect(closedSinceExact.length).toBeLessThanOrEqual(open.size / 16);
  }
});
