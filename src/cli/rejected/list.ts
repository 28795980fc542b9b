import Table from 'cli-table3';
import { Command } from 'commander';
import { formatInstant } from '../../domain/instant.js';
import { rejectedRecords, type RejectedRecord } from '../../io/postgres/rejectedRecords.js';
import { OptionReader } from '../options.js';
import { filterOf, withFilter, type FilterOptions } from './options.js';
import { asText, beginningOf, printable } from './text.js';
import { withPool } from '../withPool.js';

const DEFAULT_LIMIT = 20;

export function listCommand(): Command {
  return withFilter(new Command('list'))
    .summary('records that were rejected or late, newest first')
    .description('Lists records that were rejected or late, those that were rejected last first.')
    .option('--limit <n>', `at most so many (default: ${DEFAULT_LIMIT})`)
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .action(async (options: FilterOptions & { limit?: string; json?: true }) => {
      const read = new OptionReader();
      const filter = filterOf(options, read, Date.now());
      const limit = read.integer('--limit', options.limit) ?? DEFAULT_LIMIT;
      read.finish();
      const records = await withPool((pool) => rejectedRecords(pool, { filter, limit }));
      console.log(options.json ? JSON.stringify(records.map(jsonOf), null, 2) : shownList(records));
    });
}

function shownList(records: readonly RejectedRecord[]): string {
  if (records.length === 0) return 'no such record';
  const table = new Table({
    head: ['job', 'partition', 'offset', 'reason', 'record time', 'sent again', 'value'],
    style: { head: [], border: [] },
  });
  for (const record of records) {
    table.push([
      record.job,
      record.partition,
      record.offset,
      printable(record.reason),
      formatInstant(record.recordTime) ?? '-',
      record.state === 'not sent' ? '-' : record.state,
      beginningOf(record.beginning, record.valueBytes ?? 0),
    ]);
  }
  return table.toString();
}

/** A record for programs; bytes as text or hex. */
export function jsonOf({ beginning, ...record }: RejectedRecord): object {
  return { ...record, beginning: beginning === null ? null : asText(beginning) };
}
