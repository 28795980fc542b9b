/** The workflow's side of sessions: what is open in one partition. */
import type { Instant } from '../../domain/instant.js';
import type { Closed, OpenState } from '../../domain/operator.js';
import { OpenSessions } from '../../domain/openSessions.js';
import type { Session } from '../../domain/sessions.js';
import { fromColumns, keyOfAgent, toColumns, type SessionAttributes, type SessionRow } from './columns.js';
import type { SessionsJson } from './sessionsJson.js';

export class OpenVisits implements OpenState<SessionsJson, SessionRow> {
  readonly #open: OpenSessions<SessionAttributes>;
  /** Closed while merging, for a suspect that came behind them. */
  readonly #closed: Session<SessionAttributes>[] = [];

  constructor(gapMs: number) {
    this.#open = new OpenSessions(gapMs);
  }

  get size(): number {
    return this.#open.size;
  }

  merge({ segments, suspects, met }: SessionsJson): void {
    for (const segment of fromColumns(segments)) this.#open.join(segment);
    let watermark = 0;
    let i = 0;
    for (const suspect of fromColumns(suspects)) {
      watermark += met[i++]!;
      // Keys have nothing to do with each other: the others are closed in the end.
      this.#open.closeKey(suspect.key, watermark, this.#closed);
      this.#open.join(suspect);
    }
  }

  close(watermark: Instant): Closed<SessionRow> {
    this.#open.close(watermark, this.#closed);
    return { rows: this.#closed.splice(0), duplicates: 0 };
  }

  nextEnd(): Instant | null {
    return this.#open.nextEnd();
  }

  lastEnd(): Instant | null {
    return this.#open.lastEnd();
  }

  rebuildFrom(): number | null {
    return this.#open.firstOffset();
  }

  snapshot(): SessionsJson {
    return { segments: toColumns(this.#open, keyOfAgent), suspects: toColumns([], keyOfAgent), met: [] };
  }
}
