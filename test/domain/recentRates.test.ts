import { describe, expect, it } from 'vitest';
import { RecentRates, type CarriedRates } from '../../src/domain/recentRates.js';

const BEGAN = Date.UTC(2026, 0, 1);

describe('recent rates', () => {
  it('are 0 of no time where nothing was added', () => {
    expect(new RecentRates(BEGAN).perSecond()).toEqual({ read: 0, rows: 0, until: null });
  });

  it('are of the time since the beginning while that is less than a minute', () => {
    const rates = new RecentRates(BEGAN);
    rates.add(BEGAN + 10_000, { read: 50 });
    rates.add(BEGAN + 20_000, { read: 50, rows: 10 });
    expect(rates.perSecond()).toEqual({ read: 5, rows: 0.5, until: BEGAN + 20_000 });
  });

  it('take a beginning of less than a second for a second', () => {
    const rates = new RecentRates(BEGAN);
    rates.add(BEGAN + 10, { read: 50 });
    expect(rates.perSecond().read).toBe(50);
  });

  it('count what was added less than a minute before the last, and not what was a minute before exactly', () => {
    const rates = new RecentRates(BEGAN - 3_600_000);
    rates.add(BEGAN, { read: 6000 });
    rates.add(BEGAN + 59_999, {});
    expect(rates.perSecond().read).toBe(100);
    rates.add(BEGAN + 60_000, {});
    expect(rates.perSecond().read).toBe(0);
  });

  it('lose nothing of what is added within a second', () => {
    const rates = new RecentRates(BEGAN - 3_600_000);
    for (let i = 0; i < 600; i++) rates.add(BEGAN + i * 7, { read: 1, rows: 2 });
    expect(rates.perSecond()).toMatchObject({ read: 10, rows: 20 });
  });

  it('go on where they are carried', () => {
    const rates = new RecentRates(BEGAN);
    rates.add(BEGAN + 10_000, { read: 50 });
    const carried = JSON.parse(JSON.stringify(rates.carry())) as CarriedRates;
    const next = new RecentRates(BEGAN + 11_000, carried);
    expect(next.perSecond()).toEqual(rates.perSecond());
    next.add(BEGAN + 20_000, { read: 50, rows: 10 });
    expect(next.perSecond()).toEqual({ read: 5, rows: 0.5, until: BEGAN + 20_000 });
  });
});
