import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';
import { RESULTS, type Results } from './replace.js';

/** What a partition has written that ends after some instant. */
export interface ResultsAfter {
  partition: number;
  results: number;
  earliestStart: Instant | null;
}

/** A row of hits holds a result for each group. */
const COUNT = (of: Results): string =>
  of === 'hits' ? 'coalesce(sum(cardinality(r.num_hits)), 0)::bigint' : 'count(r.job)';

const AFTER = (of: Results): string => {
  const { table, start, end } = RESULTS[of];
  return `
    select p.partition, ${COUNT(of)} as results, weir.millis(min(r.${start})) as earliest_start
    from unnest($2::int[], $3::bigint[], $4::bigint[]) as p (partition, after, longest_ms)
    left join ${table} r
      on r.job = $1 and r.partition = p.partition and r.${end} > weir.instant(p.after)
        and r.${start} > weir.instant(p.after - p.longest_ms)
        ${of === 'sessions' ? `and r.session_date >= (weir.instant(p.after - p.longest_ms) at time zone 'UTC')::date` : ''}
    group by p.partition`;
};

/** For each partition, what it has written that ends after `after`, nothing of it being longer than `longestMs`. */
export async function resultsAfter(
  db: Queryable,
  { job, results }: { job: string; results: Results },
  partitions: { partition: number; after: Instant; longestMs: number }[],
): Promise<ResultsAfter[]> {
  const { rows } = await db.query({
    name: `weir-results-after-${results}`,
    text: AFTER(results),
    values: [
      job,
      partitions.map(({ partition }) => partition),
      partitions.map(({ after }) => after),
      partitions.map(({ longestMs }) => longestMs),
    ],
  });
  return rows.map((row) => ({
    partition: row.partition as number,
    results: row.results as number,
    earliestStart: row.earliest_start as Instant | null,
  }));
}
