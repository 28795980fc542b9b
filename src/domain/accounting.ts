/** Counts of records; `read` = accepted + duplicate + late + rejected, for every partition and epoch (docs/semantics.md, the promise). */
export interface Counters {
  read: number;
  accepted: number;
  duplicate: number;
  late: number;
  rejected: number;
  /** Offsets that retention had removed before they were read, where the job skips them; no part of `read`. */
  skipped: number;
}

export const NO_RECORDS: Readonly<Counters> = {
  read: 0,
  accepted: 0,
  duplicate: 0,
  late: 0,
  rejected: 0,
  skipped: 0,
};

export function addCounters(a: Readonly<Counters>, b: Readonly<Counters>): Counters {
  return {
    read: a.read + b.read,
    accepted: a.accepted + b.accepted,
    duplicate: a.duplicate + b.duplicate,
    late: a.late + b.late,
    rejected: a.rejected + b.rejected,
    skipped: a.skipped + b.skipped,
  };
}
