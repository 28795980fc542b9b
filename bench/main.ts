/**
 * `npm run bench [-- hits|sessions|regroup|openSessions|clicks|latency|recovery|restart] [--keep]`: measures weir on this machine
 * (docs/benchmarks.md). With `--peers`, beside other engines. Linux only.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureClicks } from './clicks.js';
import { measureHits } from './hits.js';
import { measureLatency } from './latency.js';
import { measureOpenSessions } from './openSessions.js';
import { comparePeers, PEERS_USAGE } from './peers/command.js';
import { measureRecovery } from './recovery.js';
import { measureRegroup } from './regroup.js';
import { table, type Figure } from './report.js';
import { measureRestart } from './restart.js';
import { measureSessions } from './sessions.js';
import { openWorld } from './world.js';

const measurements = {
  hits: measureHits,
  sessions: measureSessions,
  regroup: measureRegroup,
  openSessions: measureOpenSessions,
  clicks: measureClicks,
  latency: measureLatency,
  recovery: measureRecovery,
  restart: measureRestart,
};
type Name = keyof typeof measurements;

const USAGE = `npm run bench [-- ${Object.keys(measurements).join('|')}…] [--keep]   --keep: leaves topics in .weir/bench for the next run
${PEERS_USAGE}`;

// By hand: a producer whose measurement failed would keep this process alive.
process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      keep: { type: 'boolean' },
      peers: { type: 'boolean' },
      only: { type: 'string' },
      events: { type: 'string' },
    },
    allowPositionals: true,
  });
  const start = performance.now();
  const say = (line: string): void =>
    console.error(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const { keep = false, peers = false, only, events } = values;
  if (peers && process.platform === 'linux') {
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => stop.abort(new Error('interrupted'))); // tsx and npm pass it on, so that it may come twice
    return comparePeers({ measurements: positionals, only, events }, { keep, say, signal: stop.signal });
  }
  const names = positionals.length > 0 ? positionals : Object.keys(measurements);
  if (
    process.platform !== 'linux' ||
    only !== undefined ||
    events !== undefined ||
    !names.every((name): name is Name => name in measurements)
  ) {
    console.error(`${USAGE}\nIt reads CPU time and memory from /proc, so it runs on Linux only.`);
    return 2;
  }
  const interrupted = new Promise<never>((_, reject) => {
    process.once('SIGINT', () => reject(new Error('interrupted')));
  });
  const machine = `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)} before the start`;
  const figures: Figure[] = [{ figure: 'machine', measured: machine }];
  const wrong: string[] = [];
  const world = await openWorld({ keep, say });
  try {
    for (const name of names) {
      const outcome = await Promise.race([measurements[name](world), interrupted]);
      figures.push(...outcome.figures);
      wrong.push(...outcome.wrong);
    }
  } finally {
    await world.close();
  }
  console.log(table(figures));
  for (const sentence of wrong) console.error(`WRONG: ${sentence}`);
  return wrong.length === 0 ? 0 : 1;
}
