import Table from 'cli-table3';

/** A table with these columns, each aligned as it says, without lines between its rows. */
export function plainTable(columns: Record<string, 'left' | 'right'>): Table.Table {
  return new Table({
    head: Object.keys(columns),
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colAligns: Object.values(columns),
  });
}

/** To the second, in UTC. */
export function clock(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}
