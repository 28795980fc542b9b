/**
 * How a run goes on after its claim (docs/semantics.md, claim): it compares the commit number that its state knows with the one in
 * `weir.progress`.
 */
import type { Progress } from './partitionState.js';

export type Continuation =
  /** Same number: as it is. */
  | 'as-is'
  /** An older number: read silently from its own offset up to the committed one. */
  | 'catch-up'
  /** No state, or one that the database does not know: read silently from `rebuildFrom` up to the committed offset. */
  | 'rebuild';

export function afterClaim(own: { number: number; offset: number } | null, progress: Progress): Continuation {
  if (own === null || own.number > progress.number) return 'rebuild';
  if (own.number === progress.number) return 'as-is';
  return own.offset <= progress.offset ? 'catch-up' : 'rebuild';
}
