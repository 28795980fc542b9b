import { expect, it } from 'vitest';
import { memberId, memberOf } from '../../src/domain/member.js';

it.each([
  { job: 'hits', stage: 1 as const, partition: 0 },
  { job: 'clicks', stage: 2 as const, partition: 12 },
  { job: 'target-1', stage: 1 as const, partition: 3 },
])('the id of $job, stage $stage, partition $partition says whose it is', (member) => {
  expect(memberOf(memberId(member.job, member.stage, member.partition))).toEqual(member);
});

it.each(['hits', 'hits/', 'hits/x', 'hits/target-', 'a/b/0', '/0'])('%s is the id of no member', (id) => {
  expect(memberOf(id)).toBeNull();
});
