/** A made-up event, of which only what is asked for is written. */
export interface MadeEvent {
  recordKey: string | null;
  value(): string;
  /** A value that the pipeline rejects, made of it. */
  malformed(): string;
}
