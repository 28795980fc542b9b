/** `npm run bench -- --peers`: weir beside other engines, on the same topics (docs/benchmarks.md). */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuSecondsOf } from '../processes.js';
import { openWorld } from '../world.js';
import { ENGINES, type EngineName } from './engines.js';
import { Comparison } from './comparison.js';
import { missing } from './missing.js';
import { makeTables } from './results.js';
import { peersTable, type Row } from './table.js';
import { LEAST_EVENTS } from './topics.js';

const DEFAULT_DIR = '../shared/bench-peers';
const DEFAULT_EVENTS = 1_000_000;

/** What to compare, as a person asks for it; left out: everything. */
export interface Wishes {
  measurements: readonly string[];
  only?: string | undefined;
  events?: string | undefined;
}

export const MEASUREMENTS = ['hits', 'sessions', 'clicks', 'latency'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];
const WHO = ['weir', ...(Object.keys(ENGINES) as EngineName[])] as const;
export type Who = (typeof WHO)[number];

export const PEERS_USAGE = `npm run bench -- --peers [${MEASUREMENTS.join('|')}…] [--only ${WHO.join(',')}] [--events N]   beside other engines; N: from ${LEAST_EVENTS}, default ${DEFAULT_EVENTS}`;

/** What to compare, or the sentence that says what is wrong with the wishes. */
export function planOf(
  wishes: Wishes,
): { measurements: readonly Measurement[]; who: readonly Who[]; events: number } | string {
  const measurements = wishes.measurements.length > 0 ? wishes.measurements : MEASUREMENTS;
  const who = wishes.only?.split(',') ?? WHO;
  const events = Number(wishes.events ?? DEFAULT_EVENTS);
  if (!measurements.every(isOneOf(MEASUREMENTS))) return `With --peers there are ${MEASUREMENTS.join(', ')}.`;
  if (!who.every(isOneOf(WHO))) return `--only takes some of ${WHO.join(',')}.`;
  if (!Number.isSafeInteger(events) || events < LEAST_EVENTS)
    return `--events takes a whole number from ${LEAST_EVENTS}: of fewer there would be no rows that every engine has closed.`;
  return { measurements, who, events };
}

function isOneOf<T extends string>(all: readonly T[]): (text: string) => text is T {
  return (text): text is T => (all as readonly string[]).includes(text);
}

/** Compares, prints the table, and gives the exit code: 2 where something is missing, 130 when interrupted, 1 when weir's rows are wrong. */
export async function comparePeers(
  wishes: Wishes,
  { keep, say, signal }: { keep: boolean; say: (line: string) => void; signal: AbortSignal },
): Promise<number> {
  const plan = planOf(wishes);
  if (typeof plan === 'string') {
    console.error(`${plan}\n${PEERS_USAGE}`);
    return 2;
  }
  const { env } = process;
  const dir = resolve(env.PEERS_DIR || DEFAULT_DIR);
  const engines = plan.who.filter((each) => each !== 'weir');
  const lacking = await missing(dir, engines, env);
  if (lacking.length > 0) {
    console.error(`bench --peers cannot begin. It lacks:\n${lacking.map((line) => `  ${line}`).join('\n')}`);
    return 2;
  }
  const scratch = await mkdtemp(join(tmpdir(), 'weir-peers-'));
  const rows: Row[] = [];
  try {
    const world = await openWorld({ keep, say, signal });
    try {
      const comparison = new Comparison({
        world,
        shop: { dir, env, say, scratch, signal },
        events: plan.events,
        temporalStartUp: await cpuSecondsOf(world.servers.temporal),
        rows,
      });
      await makeTables(world.db, await readFile(join(dir, 'schema.sql'), 'utf8'));
      for (const measurement of plan.measurements) {
        if (measurement === 'latency') await comparison.latency(plan.who);
        else await comparison.job(measurement, plan.who);
      }
    } finally {
      await world.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted: everything is stopped');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (rows.length > 0) console.log(peersTable(rows, plan.events));
  if (signal.aborted) return 130;
  return rows.some(isWrong) ? 1 : 0;
}

/** Whether a row says that weir failed. What the peers lose is only told. */
export function isWrong({ engine, results, notes }: Row): boolean {
  if (engine !== 'weir') return false;
  return notes.length > 0 || (results !== undefined && (!results.agrees || results.lost !== 0));
}
