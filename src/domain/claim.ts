/**
 * How a run goes on after its claim (docs/semantics.md, claim): it compares the commit number that its state knows with the one in
 * `weir.progress`.
 */
import type { Carried, Progress } from './commit.js';

export type Continuation =
  /** Same number, and the offset that belongs to it: as it is. */
  | 'as-is'
  /** An older number, or in the middle of a silent read, not older than what is open: read silently from its own offset up to the committed one. */
  | 'catch-up'
  /** No state, one that is too old to help, or one that the database does not know: read silently from `rebuildFrom` up to the committed offset. */
  | 'rebuild';

export function afterClaim(
  own: Pick<Carried<unknown>, 'number' | 'offset' | 'silent'> | null,
  progress: Progress,
): Continuation {
  if (own === null || own.number > progress.number) return 'rebuild';
  if (own.number === progress.number && !own.silent)
    return own.offset === progress.offset ? 'as-is' : 'rebuild';
  // Below `rebuildFrom` the advances are forgotten, and nothing that is open now depends on what was open then.
  return own.offset >= progress.rebuildFrom && own.offset <= progress.offset ? 'catch-up' : 'rebuild';
}
