import type { ClickFactColumns } from '../io/postgres/clicks.js';
import { factsOf } from '../pipelines/clicks/columns.js';
import type { PackedClicks } from '../pipelines/clicks/operator.js';

/** Packed facts as the columns that are written. */
export function clickFactColumns({ sizeMs, gapMs, facts: packed }: PackedClicks): ClickFactColumns {
  const { clicks, samples, timeSpentMs } = packed;
  const columns: ClickFactColumns = {
    start: [],
    url: [],
    country: [],
    clicks,
    samples,
    timeSpentMs,
    users: [],
    sizeMs,
    gapMs,
  };
  for (const { start, url, country, facts } of factsOf(packed)) {
    columns.start.push(start);
    columns.url.push(url);
    columns.country.push(country);
    columns.users.push(facts.users);
  }
  return columns;
}
