import Table from 'cli-table3';
import { Command } from 'commander';
import type pg from 'pg';
import { formatInstant, utcDay } from '../domain/instant.js';
import { geoCacheSize } from '../io/postgres/geoCacheSize.js';
import { sumLookups, type LookupSource } from '../io/postgres/geoLookups.js';
import { requeueAddresses } from '../io/postgres/geoRequeue.js';
import { geoStanding, type GeoStanding } from '../io/postgres/geoStanding.js';
import type { Config } from '../worker/config.js';
import { OptionReader } from './options.js';
import { withPool } from './withPool.js';

type Lookups = Partial<Record<LookupSource, number>>;

interface GeoStatus extends GeoStanding {
  /** Of requests a UTC day; null where no key is configured here. */
  budget: number | null;
  cache: { places: number; nowhere: number };
  lookups: { today: Lookups; week: Lookups };
}

export function geoCommand(): Command {
  const requeue = new Command('requeue')
    .summary('queue the addresses of sessions without a location again')
    .description('Queues the public addresses of sessions without a location again, to be asked for.')
    .option('--job <name>', 'only sessions of this job')
    .option('--since <date>', 'only sessions that began on this UTC day or later, such as 2026-01-31')
    .exitOverride()
    .action((options: { job?: string; since?: string }) => requeued(options));
  return new Command('geo')
    .summary('how locations of addresses are found')
    .description('Shows the queue of addresses whose location is unknown, and what answered for the others.')
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .addCommand(requeue)
    .action(async ({ json }: { json?: true }) => {
      const status = await withPool(statusOf);
      console.log(json ? JSON.stringify(status, null, 2) : shown(status));
    });
}

async function requeued({ job, since }: { job?: string; since?: string }): Promise<void> {
  const read = new OptionReader();
  const from = read.instantMs('--since', since, Date.now());
  read.finish();
  const request = { job: job ?? null, since: from === undefined ? null : utcDay(from) };
  const { count, geo } = await withPool(async (pool, config) => ({
    count: await requeueAddresses(pool, request),
    geo: config.geo,
  }));
  console.log(`${count.toLocaleString('en')} ${count === 1 ? 'address' : 'addresses'} queued`);
  const { mmdb, key } = geo;
  if (mmdb.length === 0 && key === null)
    console.error('weir geo: neither GEOIP_MMDB nor IP2LOCATION_KEY is set here; a worker needs one of them');
}

async function statusOf(pool: pg.Pool, { geo }: Config): Promise<GeoStatus> {
  const today = utcDay(Date.now());
  return {
    ...(await geoStanding(pool, today)),
    budget: geo.key === null ? null : geo.budgetPerDay,
    cache: await geoCacheSize(pool),
    lookups: { today: await sumLookups(pool, today, 1), week: await sumLookups(pool, today, 7) },
  };
}

const SOURCES = ['memory', 'cache', 'mmdb', 'unknown', 'private'] as const satisfies LookupSource[];

/** The share of public addresses that got an answer at once, in percent; `-` without any. */
export function hitRate(lookups: Lookups): string {
  const hits = (lookups.memory ?? 0) + (lookups.cache ?? 0) + (lookups.mmdb ?? 0);
  const all = hits + (lookups.unknown ?? 0);
  return all === 0 ? '-' : `${((100 * hits) / all).toFixed(1)} %`;
}

function shown(status: GeoStatus): string {
  const { queued, oldestQueuedAt, failing, lastError, requests, budget, cache, lookups } = status;
  const lines = [
    `queue: ${queued} addresses${oldestQueuedAt === null ? '' : `, the oldest since ${formatInstant(oldestQueuedAt)!}`}`,
    `failing: ${failing}${lastError === null ? '' : `, such as: ${lastError}`}`,
    `requests today: ${requests}${budget === null ? '' : ` of ${budget}`}`,
    `cache: ${cache.places} places, ${cache.nowhere} addresses that nobody knew`,
  ];
  const table = new Table({ head: ['lookups', ...SOURCES, 'hit rate'], style: { head: [], border: [] } });
  for (const [name, row] of [
    ['today', lookups.today],
    ['7 days', lookups.week],
  ] as const)
    table.push([name, ...SOURCES.map((source) => row[source] ?? 0), hitRate(row)]);
  return [...lines, table.toString()].join('\n');
}
