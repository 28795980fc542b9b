/** What could break a database or a payload goes through the real ones: a row or a rejection, never a stuck partition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { hit, uniqueName, Weir } from '../support/weir.js';

describe('hostile records', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const time = '2026-01-01T00:00:00.000Z';
  const long = 'x'.repeat(100_000);
  const raw = (text: string) => ({ key: null, value: text });
  const invalidUtf8 = Buffer.concat([
    Buffer.from(`{"event_time":"${time}","host":"a`),
    Buffer.from([0xc3, 0x28, 0xff]),
    Buffer.from('b"}'),
  ]);

  it('give each a row or a rejection with its raw bytes', async () => {
    const records = [
      hit({ time, host: null, referrer: null }),
      hit({ time, host: 'long', referrer: long }),
      raw(`{"event_time":"${time}","host":"lone \\ud800 surrogate"}`),
      { key: null, value: invalidUtf8 },
      raw(`{"event_time":"${time}","host":"nul\\u0000"}`),
      raw(`{"event_time":"${time}","referrer":"\\u0000"}`),
      raw(`{"event_time":"${time}","host":7}`),
      raw(`{"event_time":"no time","host":7}`),
      raw('{"host":"cut off'),
      raw('[1]'),
      raw('\u0000'),
      { key: 'tombstone', value: null },
      raw(''),
      raw(`{"event_time":"9999-12-31T23:59:59Z","host":"future"}`),
      raw(long),
      hit({ time, host: null, referrer: '' }),
      hit({ time, host: '', referrer: null }),
    ];
    const topic = await weir.topic(1, records);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, records.length);
    await weir.drain(name);

    const rows = await weir.view(name);
    expect(rows.map(({ host, referrer, num_hits }) => [host, referrer, num_hits])).toEqual([
      [null, null, 1],
      [null, '', 1],
      ['', null, 1],
      ['a\ufffd(\ufffdb', null, 1],
      ['lone \ufffd surrogate', null, 1],
      ['long', long, 1],
    ]);
    const rejected = await weir.rejected(name);
    expect(rejected.map(({ offset, reason }) => [offset, reason])).toEqual([
      [4, 'bad_field: host'],
      [5, 'bad_field: referrer'],
      [6, 'bad_field: host'],
      [7, 'bad_time'],
      [8, 'bad_json'],
      [9, 'bad_json'],
      [10, 'bad_json'],
      [11, 'empty'],
      [12, 'empty'],
      [13, 'future'],
      [14, 'bad_json'],
    ]);
    for (const { offset, value } of rejected) {
      const sent = records[offset]!.value;
      expect(value).toEqual(sent === null ? null : Buffer.from(sent));
    }
  });

  it('do not stop a partition when they come by the hundred', async () => {
    const records = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0 ? raw(`${i} ${long}`) : hit({ time, host: `${i}`, referrer: `${i} ${long}` }),
    );
    const topic = await weir.topic(1, records);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, records.length);
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 150, hits: 150 });
    expect(await weir.rejected(name)).toHaveLength(150);
  });

  it('with strange time stamps of their own: none means no guard, and what Postgres cannot hold is left out', async () => {
    const stamped = (timestampMs: number, text: string) => ({ key: null, value: text, timestampMs });
    const now = hit({ time: Date.now() - 60_000 }).value as string;
    const topic = await weir.topic(1, [stamped(-1, now), stamped(1, now), stamped(1, 'x'), stamped(-1, 'x')]);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, 4);
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 1, hits: 1 });
    expect(await weir.rejected(name)).toMatchObject([
      { offset: 1, reason: 'future' },
      { offset: 2, reason: 'bad_json' },
      { offset: 3, reason: 'bad_json' },
    ]);
  });

  it('with names that are too long to be carried are rejected, up to the longest one that is not', async () => {
    const longest = 262_144;
    const topic = await weir.topic(1, [
      hit({ time, referrer: 'é'.repeat(longest) }),
      hit({ time, referrer: 'é'.repeat(longest + 1) }),
    ]);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, 2);
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 1, hits: 1 });
    expect(await weir.rejected(name)).toMatchObject([{ offset: 1, reason: 'bad_field: referrer' }]);
  });
});
