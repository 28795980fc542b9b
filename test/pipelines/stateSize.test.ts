/** What people see as the size of a state. */
import { expect, it } from 'vitest';
import { clicksOperator } from '../../src/pipelines/clicks/operator.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';
import { sessionsOperator } from '../../src/pipelines/sessions/operator.js';

const at = { offset: 0, watermark: null };

it('of hits it is the groups in windows that are open', () => {
  const operator = hitsOperator({ sizeMs: 10, slideMs: 10, offsetMs: 0 });
  const gathered = operator.gather();
  for (const [time, host] of [
    [1, 'a'],
    [2, 'a'],
    [3, 'b'],
    [11, 'a'],
  ] as const)
    gathered.take({ ...at, time, item: { host, referrer: null } });
  const state = operator.open();
  state.merge(gathered.partial());
  state.merge(gathered.partial());
  expect(state.size).toBe(3);
  state.close(10);
  expect(state.size).toBe(1);
});

it('of sessions it is the open ones', () => {
  const operator = sessionsOperator(10);
  const gathered = operator.gather();
  for (const [time, key] of [
    [1, 'a'],
    [5, 'a'],
    [12, 'b'],
  ] as const)
    gathered.take({ ...at, time, item: { key, attributes: { userAgent: null, host: null } } });
  const state = operator.open();
  const { segments, suspects, met } = gathered.partial();
  const agents = [{ browser: null, os: null, device: null, isBot: false }];
  state.merge({ segments: { ...segments, agents }, suspects: { ...suspects, agents }, met });
  expect(state.size).toBe(2);
  state.close(15);
  expect(state.size).toBe(1);
});

it('of clicks it is those that the watermark has not passed', () => {
  const operator = clicksOperator({ sizeMs: 100, gapMs: 10, dedupeWithinMs: 0 });
  const gathered = operator.gather();
  for (const time of [1, 5, 9])
    gathered.take({ ...at, time, item: { key: null, user: 'u', url: '/', country: null } });
  const state = operator.open();
  state.merge(gathered.partial());
  expect(state.size).toBe(3);
  state.close(5);
  expect(state.size).toBe(1);
});
