import type { Queryable } from '../../io/postgres/pool.js';
import { plainTable } from './plainTable.js';

export interface Clicks {
  /** Pairs of URL and country. */
  urls: number;
  clicks: number;
  most: {
    url: string | null;
    country: string | null;
    number_of_clicks: number;
    number_of_unique_users: number;
    average_time_spent: number | null;
  }[];
}

/** What people see of the job: its final buckets. */
export async function readClicks(db: Queryable, job: string): Promise<Clicks> {
  const { rows } = await db.query(
    `select url, country, number_of_clicks, number_of_unique_users, average_time_spent from aggregated_clickstream
     where job = $1 order by number_of_clicks desc, url, country`,
    [job],
  );
  const all = rows as Clicks['most'];
  const clicks = all.reduce((sum, row) => sum + row.number_of_clicks, 0);
  return { urls: all.length, clicks, most: all.slice(0, 6) };
}

export function clicksTable({ urls, clicks, most }: Clicks): string {
  const table = plainTable({
    url: 'left',
    country: 'left',
    number_of_clicks: 'right',
    number_of_unique_users: 'right',
    average_time_spent: 'right',
  });
  for (const { url, country, average_time_spent, ...row } of most) {
    table.push([
      (url ?? '(null)').slice(0, 60),
      country ?? '(null)',
      row.number_of_clicks,
      row.number_of_unique_users,
      average_time_spent?.toFixed(1) ?? '(null)',
    ]);
  }
  return [
    'aggregated_clickstream: what was clicked most',
    table.toString(),
    `${urls} pairs of URL and country in all, ${clicks} clicks`,
  ].join('\n');
}
