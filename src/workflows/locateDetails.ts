/** What the Temporal UI and the query `progress` show of the queue of addresses. */
import type { LocateReport } from '../activities/locateQueue.js';
import { formatInstant } from '../domain/instant.js';
import { table } from './details.js';

/** As words, as of the last report; instants as ISO-8601. */
export function locateProgress(report: LocateReport | null): Record<string, string | number> {
  if (report === null) return { state: 'starting' };
  const { queued, asked, budget, lastError } = report;
  return {
    state: stateOf(report),
    queued,
    'asked today': budget === null ? 'no service configured' : `${asked} of ${budget}`,
    'last error': lastError === null ? '–' : `${formatInstant(lastError.at)!} ${lastError.message}`,
  };
}

export function locateDetails(report: LocateReport | null): string {
  return table(
    ['', ''],
    // A service's message must not break the table.
    Object.entries(locateProgress(report)).map(([name, value]) => [
      name,
      String(value).replaceAll(/[|\r\n]/g, ' '),
    ]),
  );
}

function stateOf({ asking, budget }: LocateReport): string {
  const states: Record<LocateReport['asking']['phase'], string> = {
    asking: budget === null ? 'looks in GEOIP_MMDB' : 'asks',
    away: 'the service does not answer, next try at',
    spent: 'the requests of the day are spent, goes on at',
    refused: 'the service refuses the key, or its credit is used up; next try at',
  };
  const state = states[asking.phase];
  return asking.phase === 'asking' ? state : `${state} ${formatInstant(asking.until)!}`;
}
