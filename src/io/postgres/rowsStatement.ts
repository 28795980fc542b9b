/** The rows of one commit, as a part of its statement. */
export interface RowsStatement {
  /** Names the prepared statement: another text needs another name. */
  name: string;
  /**
   * Common table expressions, each an insert whose rows come from `unnest` of the parameters from `$first` on, under the condition
   * `exists (select from moved)`. `$1` is the job, `$2` the partition, `$3` the epoch.
   *
   * @param rewrite whether rows may be there already, and are replaced; else one that is there is an error (unique_violation)
   */
  tables(first: number, rewrite: boolean): string;
  values: unknown[];
}
