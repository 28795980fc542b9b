import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Agent } from '../../../src/pipelines/sessions/agent.js';
import { fromColumns, keyOfAgent, toColumns, withAgents } from '../../../src/pipelines/sessions/columns.js';

const family = fc.constantFrom(null, '', 'Chrome', 'Other');
const agent = fc.record({ browser: family, os: family, device: family, isBot: fc.boolean() });
const host = fc.constantFrom(null, '', 'null', 'a', '\u{1f600}');
const instant = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
const session = fc
  .record({
    key: fc.string(),
    first: instant,
    span: fc.oneof(fc.nat(600_000), fc.constant(0), fc.nat(2 ** 40)),
    count: fc.integer({ min: 1, max: 2 ** 31 }),
    offset: fc.oneof(fc.nat(100), fc.nat(2 ** 50)),
    source: fc.nat(20),
    at: fc.oneof(fc.nat(100), fc.nat(2 ** 50)),
    attributes: fc.record({ agent, host }),
  })
  .map(({ span, ...rest }) => ({ ...rest, last: rest.first + span }));

describe('columns', () => {
  // On a failure fast-check prints its seed.
  test('give the sessions again, in their order, also through JSON', () => {
    fc.assert(
      fc.property(fc.array(session, { maxLength: 30 }), (sessions) => {
        const columns = toColumns(sessions, keyOfAgent);
        const again = JSON.parse(JSON.stringify(columns)) as typeof columns;
        expect([...fromColumns(again)]).toEqual(sessions);
      }),
    );
  });

  test('hold each agent and each host once', () => {
    const chrome = (): Agent => ({ browser: 'Chrome', os: null, device: null, isBot: false });
    const one = { key: 'k', first: 5, last: 5, count: 1, offset: 0, source: 0, at: 0 };
    const { agents, hosts } = toColumns(
      [
        { ...one, attributes: { agent: chrome(), host: 'a' } },
        { ...one, attributes: { agent: chrome(), host: null } },
        { ...one, attributes: { agent: { ...chrome(), isBot: true }, host: 'a' } },
      ],
      keyOfAgent,
    );
    expect(agents).toEqual([chrome(), { ...chrome(), isBot: true }]);
    expect(hosts).toEqual(['a', null]);
  });

  test('of nothing are nothing', () => {
    expect([...fromColumns(toColumns([], keyOfAgent))]).toEqual([]);
  });
});

describe('agents that are read', () => {
  const raw = ['curl/7.1', 'curl/7.2', null, 'wget'];
  const columns = toColumns(
    raw.map((agent, offset) => ({
      key: `${offset}`,
      first: 0,
      last: 0,
      count: 1,
      offset,
      source: 0,
      at: offset,
      attributes: { agent, host: null },
    })),
    (agent) => agent,
  );
  const read = (agent: string | null): Agent => ({
    browser: agent?.split('/')[0] ?? null,
    os: null,
    device: null,
    isBot: false,
  });

  test('those that read the same are one, and each session has its own', () => {
    const { agents, ...rest } = withAgents(columns, read);
    expect(agents.map(({ browser }) => browser)).toEqual(['curl', null, 'wget']);
    const browsers = [...fromColumns({ ...rest, agents })].map(({ attributes }) => attributes.agent.browser);
    expect(browsers).toEqual(['curl', 'curl', null, 'wget']);
  });

  test('each distinct one is read once', () => {
    const seen: unknown[] = [];
    const twice = toColumns([...fromColumns(columns), ...fromColumns(columns)], (agent) => agent);
    withAgents(twice, (agent) => {
      seen.push(agent);
      return read(agent);
    });
    expect(seen).toEqual(raw);
  });
});
