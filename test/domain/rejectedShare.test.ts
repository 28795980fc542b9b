import { describe, expect, it } from 'vitest';
import { RejectedShare, type Read } from '../../src/domain/rejectedShare.js';

const NOTHING = { read: 0, rejected: 0 };

describe('the share of rejected records', () => {
  it('may be exactly the limit of 10,000, and not one more', () => {
    expect(new RejectedShare(NOTHING).whyStop({ read: 10_000, rejected: 1000 }, 0.1)).toBeNull();
    expect(new RejectedShare(NOTHING).whyStop({ read: 10_000, rejected: 1001 }, 0.1)).toBe(
      'of the last 10000 records 1001 were rejected',
    );
  });

  it('is of 10,000 also where fewer were read', () => {
    expect(new RejectedShare(NOTHING).whyStop({ read: 1000, rejected: 1000 }, 0.1)).toBeNull();
    expect(new RejectedShare(NOTHING).whyStop({ read: 1001, rejected: 1001 }, 0.1)).not.toBeNull();
  });

  it('forgets what is further back, and what was counted before', () => {
    const share = new RejectedShare({ read: 500, rejected: 500 });
    expect(share.whyStop({ read: 1400, rejected: 1400 }, 0.1)).toBeNull();
    expect(share.whyStop({ read: 11_400, rejected: 1400 }, 0.1)).toBeNull();
    expect(share.whyStop({ read: 12_400, rejected: 2400 }, 0.1)).toBeNull();
    expect(share.whyStop({ read: 12_900, rejected: 2900 }, 0.1)).not.toBeNull();
  });

  it('of 1 never stops', () => {
    expect(new RejectedShare(NOTHING).whyStop({ read: 50_000, rejected: 50_000 }, 1)).toBeNull();
  });
});

describe('what a share hands on', () => {
  const next = (share: RejectedShare, before: { read: number; rejected: number }) =>
    new RejectedShare(before, JSON.parse(JSON.stringify(share.carry())) as Read[]);

  it('counts on: a share that no run sees as a whole is one all the same', () => {
    const share = new RejectedShare(NOTHING);
    expect(share.whyStop({ read: 1000, rejected: 1000 }, 0.1)).toBeNull();
    const second = next(share, { read: 1000, rejected: 1000 });
    expect(second.whyStop({ read: 1001, rejected: 1001 }, 0.1)).toBe(
      'of the last 1001 records 1001 were rejected',
    );
  });

  it('forgets what is further back than 10,000 records', () => {
    const share = new RejectedShare(NOTHING);
    share.whyStop({ read: 1000, rejected: 1000 }, 0.1);
    share.whyStop({ read: 10_999, rejected: 1000 }, 0.1);
    const second = next(share, { read: 10_999, rejected: 1000 });
    expect(second.whyStop({ read: 11_000, rejected: 1000 }, 0.1)).toBeNull();
    expect(second.whyStop({ read: 11_500, rejected: 1500 }, 0.1)).toBeNull();
  });

  it('is in some hundred pieces, however small the batches were', () => {
    const share = new RejectedShare(NOTHING);
    for (let read = 1; read <= 20_000; read++) share.whyStop({ read, rejected: Math.floor(read / 20) }, 0.1);
    const carried = share.carry();
    expect(carried.length).toBeLessThanOrEqual(101);
    expect(carried.reduce((sum, { read }) => sum + read, 0)).toBe(10_000);
    expect(carried.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(500);
  });
});
