/** The life of a sessions job on real servers: what is refused, what goes on, what hostile records become. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutgoingRecord } from '../../src/io/kafka/writer.js';
import { differences } from '../support/exactPass.js';
import { sessionPass, storedSessions } from '../support/sessionPass.js';
import { sharedStack } from '../support/stack.js';
import { uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

function visit(atMs: number, fields: object = {}): OutgoingRecord {
  const event_time = new Date(FIRST + atMs).toISOString();
  return { key: null, value: JSON.stringify({ event_time, ip: '10.0.0.1', host: 'h', ...fields }) };
}

describe('a sessions job', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const input = (topic: string, more: object = {}) => ({
    pipeline: 'sessions',
    topic,
    gap: '10s',
    delay: '1s',
    idle: 'off',
    ...more,
  });

  async function failureOf(name: string, job: object): Promise<string> {
    const handle = await weir.start(name, job);
    return handle.result().then(
      () => 'it was taken',
      (error: { cause: Error }) => error.cause.message,
    );
  }

  async function rowsOf(name: string): Promise<Record<string, unknown>[]> {
    const { rows } = await weir.pool.query(
      'select * from user_sessions where job = $1 order by session_start, ip, user_id collate "C" nulls first',
      [name],
    );
    return rows as Record<string, unknown>[];
  }

  it('is refused by a later start that would change it: another gap names replay, other times and keys are another job', async () => {
    const topic = await weir.topic(1, [visit(0)]);
    const name = uniqueName('sessions');
    await weir.start(name, input(topic));
    await weir.drain(name);
    expect(await failureOf(name, input(topic, { gap: '20s' }))).toMatch(/gap was 10s, not 20s.*replay/);
    const other = await failureOf(name, input(topic, { time: 'record', partitionedBy: 'key' }));
    expect(other).toContain('it would be another job');
    expect(other).toContain('time was event_time, not record');
    expect(other).toContain('partitionedBy was nothing, not key');
    expect(await failureOf(name, { pipeline: 'hits', topic })).toContain('pipeline was sessions, not hits');
  });

  it('goes on after a drain where it stood: what ended by then is late, what comes after it is not', async () => {
    const topic = await weir.topic(1, [visit(0), visit(5000)]);
    const name = uniqueName('sessions');
    await weir.start(name, input(topic));
    await weir.drain(name);
    expect(await rowsOf(name)).toMatchObject([{ event_count: 2, window_end: new Date(FIRST + 15_000) }]);

    // The drain ended at 15 s: a visit at 5 s ended by then, one at 5.001 s did not, and opens a session of its own.
    await weir.start(name, input(topic));
    await weir.produce(topic, [visit(5000), visit(5001), visit(16_000)]);
    await weir.committed(name, 5);
    await weir.drain(name);
    expect(await weir.rejected(name)).toMatchObject([{ offset: 2, reason: 'late' }]);
    expect(await rowsOf(name)).toMatchObject([
      { session_start: new Date(FIRST), event_count: 2 },
      { session_start: new Date(FIRST + 5001), event_count: 1, window_end: new Date(FIRST + 15_001) },
      { session_start: new Date(FIRST + 16_000), event_count: 1 },
    ]);
  });

  it('over a keyed topic of four partitions gives the sessions of the same log in one', async () => {
    const visitors = Array.from({ length: 40 }, (_, i) => ({
      ip: `10.0.0.${i}`,
      user_id: i % 3 === 0 ? `u${i}` : null,
    }));
    const log = Array.from({ length: 4000 }, (_, i) => {
      // Five of them at a time, for 2 s; each comes again when its session has ended.
      const visitor = visitors[(Math.floor(i / 50) * 13 + (i % 5)) % visitors.length]!;
      // In order within less than the delay, so that nothing is late in either.
      return { ...visit(i * 40 - ((i * 31) % 7) * 100, visitor), key: visitor.ip };
    });
    const found: Map<string, number>[] = [];
    for (const partitions of [1, 4]) {
      const topic = await weir.topic(partitions, log);
      const name = uniqueName('sessions');
      await weir.start(
        name,
        input(topic, partitions === 1 ? {} : { partitionedBy: 'key', maxBatchEvents: 100 }),
      );
      await weir.committed(name, log.length);
      await weir.drain(name);
      const pass = await sessionPass(weir.kafka, topic, { gapMs: 10_000, delayMs: 1000 });
      expect([pass.records, pass.late]).toEqual([log.length, 0]);
      const stored = await storedSessions(weir.pool, name);
      expect(differences(pass.sessions, stored)).toEqual([]);
      found.push(new Map([...stored].map(([group, count]) => [group.replace(/^\[\d+,/, '['), count])));
    }
    expect(found[0]!.size).toBeGreaterThan(2 * visitors.length);
    expect(differences(found[0]!, found[1]!)).toEqual([]);
  });

  it('by the time of the records takes those, whatever the events say', async () => {
    const at = (timestampMs: number, fields: object = {}) => ({
      ...visit(0, fields),
      timestampMs: FIRST + timestampMs,
    });
    const topic = await weir.topic(1, [
      at(0),
      at(10_000, { event_time: 'soon' }),
      at(20_001, { event_time: null }),
    ]);
    const name = uniqueName('sessions');
    await weir.start(name, input(topic, { time: 'record' }));
    await weir.committed(name, 3);
    await weir.drain(name);
    expect(await rowsOf(name)).toMatchObject([
      { session_start: new Date(FIRST), event_count: 2 },
      { session_start: new Date(FIRST + 20_001), event_count: 1 },
    ]);
  });

  it('makes of each hostile record a row or a rejection', async () => {
    const long = 'x'.repeat(100_000);
    const noise = (bytes: number) => randomBytes(bytes).toString('hex');
    const raw = (fields: string) => ({ key: null, value: `{"event_time":"2026-01-01T00:00:00Z",${fields}}` });
    const x512 = 'x'.repeat(512);
    const wide = '漢'.repeat(512);
    const family = noise(120_000);
    const records = [
      raw('"ip":"nul\\u0000"'),
      raw('"user_id":"\\u0000"'),
      raw('"user_id":1.5'),
      visit(0, { user_id: `${x512}x` }),
      visit(0, { ip: `${x512}x` }),
      raw('"user_agent":{"os":"Linux"}'),
      { key: 'tombstone', value: null },
      visit(0, { ip: '1', user_id: 'a\ud800' }),
      visit(0, { ip: '2', user_id: x512 }),
      visit(0, { ip: wide, user_id: wide }),
      visit(0, { ip: '3', host: long }),
      visit(0, { ip: '4', user_agent: long }),
      visit(0, { ip: '5', user_agent: { family, os: { family }, device: { family } } }),
      visit(0, { ip: '6', host: noise(130_000), user_agent: { family: noise(130_000) } }),
      visit(0, { ip: '7', user_id: 2 ** 53 - 1 }),
      visit(0, { ip: null, host: null }),
      visit(0, { ip: '', host: '' }),
    ];
    const topic = await weir.topic(1, records);
    const name = uniqueName('sessions');
    await weir.start(name, input(topic));
    await weir.committed(name, records.length);
    await weir.drain(name);

    expect((await weir.rejected(name)).map(({ offset, reason }) => [offset, reason])).toEqual([
      [0, 'bad_field: ip'],
      [1, 'bad_field: user_id'],
      [2, 'bad_field: user_id'],
      [3, 'bad_field: user_id'],
      [4, 'bad_field: ip'],
      [5, 'bad_field: user_agent'],
      [6, 'empty'],
    ]);
    const rows = new Map((await rowsOf(name)).map((row) => [row['ip'], row]));
    expect(rows.size).toBe(records.length - 7);
    expect(rows.get('1')).toMatchObject({ user_id: 'a\ufffd' });
    expect(rows.get('2')).toMatchObject({ user_id: x512 });
    expect(rows.get(wide)).toMatchObject({ user_id: wide });
    expect(rows.get('3')).toMatchObject({ host: long });
    expect(rows.get('4')).toMatchObject({ is_bot: true });
    expect(rows.get('5')).toMatchObject({ browser: family, os: family, device: family });
    expect(rows.get('7')).toMatchObject({ user_id: '9007199254740991' });
    expect(rows.get(null)).toMatchObject({ user_id: null, host: null, is_logged_in: false });
    expect(rows.get('')).toMatchObject({ host: '' });
  });
});
