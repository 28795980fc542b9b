/**
 * Sessions of records from several sources, record by record in the plainest way; shares nothing with the operators, the fold or the state.
 * Each source judges by its own watermark. What is accepted is taken in the order of the watermark that it met, all sessions closed up to
 * that one first (docs/semantics.md, regrouping).
 */
export interface SourceRecord {
  key: string;
  time: number;
}

export interface AcceptedRecord extends SourceRecord {
  source: number;
  offset: number;
  /** The watermark as the record met it; -Infinity where there was none. */
  met: number;
}

export interface ReferenceSession {
  key: string;
  first: number;
  last: number;
  count: number;
  /** `source:offset` of the earliest record. */
  earliest: string;
}

/** `advances`: something else than records moved the watermark to `[1]` before the record at offset `[0]`. */
export function acceptedOf(
  log: readonly SourceRecord[],
  rules: {
    source: number;
    gapMs: number;
    delayMs: number;
    advances: readonly (readonly [offset: number, watermark: number])[];
  },
): AcceptedRecord[] {
  const { source, gapMs, delayMs, advances } = rules;
  const accepted: AcceptedRecord[] = [];
  let watermark = -Infinity;
  for (const [offset, { key, time }] of log.entries()) {
    for (const [at, to] of advances) if (at === offset) watermark = Math.max(watermark, to);
    if (time + gapMs <= watermark) continue;
    accepted.push({ key, time, source, offset, met: watermark });
    watermark = Math.max(watermark, time - delayMs);
  }
  return accepted;
}

/** What is final once the smallest watermark is `line`, in no order. */
export function finalSessions(
  accepted: readonly AcceptedRecord[],
  { gapMs, line }: { gapMs: number; line: number },
): ReferenceSession[] {
  const final: ReferenceSession[] = [];
  let open: AcceptedRecord[] = [];
  const close = (watermark: number): void => {
    const left: AcceptedRecord[] = [];
    for (const key of new Set(open.map((record) => record.key))) {
      const mine = open.filter((record) => record.key === key).sort((a, b) => a.time - b.time);
      while (mine.length > 0) {
        let length = 1;
        while (length < mine.length && mine[length]!.time - mine[length - 1]!.time <= gapMs) length++;
        const session = mine.splice(0, length);
        if (session.at(-1)!.time + gapMs <= watermark) final.push(sessionOf(session));
        else left.push(...session);
      }
    }
    open = left;
  };
  const inOrder = accepted
    .filter(({ met }) => met <= line)
    .sort((a, b) => compare(a.met, b.met) || a.source - b.source || a.offset - b.offset);
  for (const record of inOrder) {
    close(record.met);
    open.push(record);
  }
  close(line);
  return final;
}

function sessionOf(records: AcceptedRecord[]): ReferenceSession {
  const [first] = records.toSorted((a, b) => a.time - b.time || a.source - b.source || a.offset - b.offset);
  return {
    key: first!.key,
    first: first!.time,
    last: Math.max(...records.map(({ time }) => time)),
    count: records.length,
    earliest: `${first!.source}:${first!.offset}`,
  };
}

/** -Infinity less itself is not a number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
