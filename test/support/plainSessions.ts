/** Sessions by a plain scan over sorted records: nothing is shared with the code under test. */

export interface PlainRecord {
  key: string;
  time: number;
  offset: number;
}

export interface PlainSession {
  key: string;
  first: number;
  last: number;
  count: number;
  /** The smallest. */
  offset: number;
  /** The offset of the earliest record; of several at the same time, the smallest. */
  attributes: number;
}

export function plainSessions(records: readonly PlainRecord[], gapMs: number): PlainSession[] {
  const sessions: PlainSession[] = [];
  const sorted = records.toSorted(
    (a, b) => Number(a.key > b.key) - Number(a.key < b.key) || a.time - b.time || a.offset - b.offset,
  );
  for (const { key, time, offset } of sorted) {
    const before = sessions.at(-1);
    if (before?.key === key && time <= before.last + gapMs) {
      before.last = time;
      before.count++;
      before.offset = Math.min(before.offset, offset);
    } else {
      sessions.push({ key, first: time, last: time, count: 1, offset, attributes: offset });
    }
  }
  return sessions;
}
