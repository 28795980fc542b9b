import type { Command } from 'commander';
import type { RejectedFilter } from '../../io/postgres/rejectedFilter.js';
import type { OptionReader } from '../options.js';

/** What `list`, `count` and `replay` choose records by, as typed. */
export interface FilterOptions {
  job?: string;
  reason?: string;
  partition?: string;
  from?: string;
  to?: string;
}

export function withFilter(command: Command): Command {
  return command
    .option('--job <name>', 'only of this job')
    .option(
      '--reason <reason>',
      'only with this reason: late, bad_json, …; bad_field is all that begin with "bad_field:"',
    )
    .option('--partition <n>', 'only of this partition')
    .option('--from <time>', 'rejected at this time or later: 2026-01-31T00:00:00Z, "1h ago", now')
    .option('--to <time>', 'rejected before this time');
}

/** Mistakes go to `read`. Times are those of the rejection: it is there for each record, and what is new has the newest. */
export function filterOf(options: FilterOptions, read: OptionReader, nowMs: number): RejectedFilter {
  const filter: RejectedFilter = {
    job: options.job ?? null,
    reason: options.reason ?? null,
    partition: read.integer('--partition', options.partition, 0) ?? null,
    from: read.instantMs('--from', options.from, nowMs) ?? null,
    to: read.instantMs('--to', options.to, nowMs) ?? null,
  };
  if (filter.from !== null && filter.to !== null && filter.from >= filter.to)
    read.problem('--from has to be before --to');
  return filter;
}
