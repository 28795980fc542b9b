import Table from 'cli-table3';
import { Command } from 'commander';
import { formatInstant } from '../../domain/instant.js';
import { rejectedCounts, type RejectedCount } from '../../io/postgres/rejectedCounts.js';
import { OptionReader } from '../options.js';
import { filterOf, withFilter, type FilterOptions } from './options.js';
import { printable } from './text.js';
import { withPool } from '../withPool.js';

export function countCommand(): Command {
  return withFilter(new Command('count'))
    .summary('how many there are, by job and reason')
    .description('Counts records that were rejected or late, by job and reason.')
    .option('--by <what>', 'partition: by partition, too')
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .action(async (options: FilterOptions & { by?: string; json?: true }) => {
      const read = new OptionReader();
      const filter = filterOf(options, read, Date.now());
      const byPartition = read.oneOf('--by', options.by, ['partition']) !== undefined;
      read.finish();
      const counts = await withPool((pool) => rejectedCounts(pool, { filter, byPartition }));
      console.log(options.json ? JSON.stringify(counts, null, 2) : shownCounts(counts, byPartition));
    });
}

function shownCounts(counts: readonly RejectedCount[], byPartition: boolean): string {
  if (counts.length === 0) return 'no such record';
  const partition = byPartition ? ['partition'] : [];
  const table = new Table({
    head: [
      'job',
      'reason',
      ...partition,
      'records',
      'sent again',
      'in doubt',
      'first rejected',
      'last rejected',
    ],
    style: { head: [], border: [] },
  });
  for (const each of counts) {
    table.push([
      each.job,
      printable(each.reason),
      ...(byPartition ? [each.partition] : []),
      each.records,
      each.sent,
      each.inDoubt,
      formatInstant(each.first),
      formatInstant(each.last),
    ]);
  }
  return table.toString();
}
