import { describe, expect, it } from 'vitest';
import { RejectedShare } from '../../src/domain/rejectedShare.js';

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
