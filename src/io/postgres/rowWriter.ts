/** How a pipeline's rows are written inside a commit. */
export interface RowWriter<Row> {
  /** Names the prepared statement. */
  name: string;
  /**
   * An insert whose rows come from `unnest` of the parameters from `$first` on, one array a column, under the condition
   * `exists (select from moved)`. `$1` is the job, `$2` the partition, `$3` the epoch.
   */
  insert(first: number): string;
  values(rows: Row[]): unknown[][];
}
