/** Names one row of `weir.progress`. */
export interface PartitionKey {
  job: string;
  epoch: number;
  partition: number;
}
