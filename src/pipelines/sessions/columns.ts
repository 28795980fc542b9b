/**
 * Sessions as compact JSON: a column each, with dictionaries for what repeats. Objects with names would take four times the bytes, and
 * rows of arrays compress worse than columns.
 */
import type { SessionPart } from '../../domain/sessions.js';
import type { Agent } from './agent.js';

/** Attributes of a session once its user agent has been read. */
export interface SessionAttributes {
  agent: Agent;
  host: string | null;
}

/** A final session of one partition. */
export type SessionRow = SessionPart<SessionAttributes>;

export interface SessionColumns<A = Agent> {
  keys: string[];
  /** What `first` is counted from, epoch ms. */
  base: number;
  first: number[];
  /** From the earliest record to the latest. */
  spans: number[];
  counts: number[];
  /** Each as the difference from the one before; the first from 0. */
  offsets: number[];
  /** Offsets of the earliest records, in the same way, from `offsets`; null where they are the same. */
  ats: number[] | null;
  /** Partitions of the earliest records; null where they are all 0. */
  sources: number[] | null;
  /** Indexes into `agents` and `hosts`. */
  agent: number[];
  host: number[];
  agents: A[];
  hosts: (string | null)[];
}

/** Columns of sessions, of which `agentKey` tells user agents apart. */
export function toColumns<A>(
  sessions: Iterable<SessionPart<{ agent: A; host: string | null }>>,
  agentKey: (agent: A) => string | null,
): SessionColumns<A> {
  const agents = new Dictionary<A>(agentKey);
  const hosts = new Dictionary<string | null>((host) => host);
  const columns: SessionColumns<A> = {
    keys: [],
    base: 0,
    first: [],
    spans: [],
    counts: [],
    offsets: [],
    ats: null,
    sources: null,
    agent: [],
    host: [],
    agents: agents.values,
    hosts: hosts.values,
  };
  const ats: number[] = [];
  const sources: number[] = [];
  let offsetBefore = 0;
  let beyondBefore = 0;
  for (const { key, first, last, count, offset, attributes, source, at } of sessions) {
    if (columns.keys.length === 0) columns.base = first;
    columns.keys.push(key);
    columns.first.push(first - columns.base);
    columns.spans.push(last - first);
    columns.counts.push(count);
    columns.offsets.push(offset - offsetBefore);
    ats.push(at - offset - beyondBefore);
    sources.push(source);
    columns.agent.push(agents.indexOf(attributes.agent));
    columns.host.push(hosts.indexOf(attributes.host));
    offsetBefore = offset;
    beyondBefore = at - offset;
  }
  if (ats.some((at) => at !== 0)) columns.ats = ats;
  if (sources.some((source) => source !== 0)) columns.sources = sources;
  return columns;
}

/** The sessions that {@link toColumns} was given, in the same order. */
export function* fromColumns<A>(
  columns: SessionColumns<A>,
): Generator<SessionPart<{ agent: A; host: string | null }>> {
  const { keys, base, first, spans, counts, offsets, ats, sources, agents, hosts } = columns;
  // Sessions with the same attributes share one object.
  const shared: { agent: A; host: string | null }[] = [];
  let offset = 0;
  let beyond = 0;
  for (let i = 0; i < keys.length; i++) {
    const agent = columns.agent[i]!;
    const host = columns.host[i]!;
    const attributes = (shared[agent * hosts.length + host] ??= {
      agent: agents[agent]!,
      host: hosts[host]!,
    });
    offset += offsets[i]!;
    beyond += ats?.[i] ?? 0;
    const at = offset + beyond;
    const source = sources?.[i] ?? 0;
    const start = base + first[i]!;
    yield {
      key: keys[i]!,
      first: start,
      last: start + spans[i]!,
      count: counts[i]!,
      offset,
      attributes,
      source,
      at,
    };
  }
}

/** Agents that read the same are one: `columns` with its agents as `read` gives them, each distinct one of them read once. */
export function withAgents<A>(columns: SessionColumns<A>, read: (agent: A) => Agent): SessionColumns {
  const agents = new Dictionary<Agent>(keyOfAgent);
  const indexes = columns.agents.map((agent) => agents.indexOf(read(agent)));
  return { ...columns, agent: columns.agent.map((index) => indexes[index]!), agents: agents.values };
}

export function keyOfAgent({ browser, os, device, isBot }: Agent): string {
  return JSON.stringify([browser, os, device, isBot]);
}

class Dictionary<T> {
  readonly values: T[] = [];
  readonly #keyOf: (value: T) => string | null;
  readonly #indexes = new Map<string | null, number>();
  /** Nearly all values are objects or texts that came by here before: that is cheaper to see than their key. */
  readonly #known = new Map<T, number>();

  constructor(keyOf: (value: T) => string | null) {
    this.#keyOf = keyOf;
  }

  indexOf(value: T): number {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const key = this.#keyOf(value);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.#indexes.set(key, index);
    }
    this.#known.set(value, index);
    return index;
  }
}
