/**
 * Reads a few fields out of JSON in UTF-8 and makes nothing of the rest: of the 300 bytes of an event a hit needs three short texts, where
 * `JSON.parse` makes an object and a string of every field. Says the same as {@link parseObject} in every case, which is asked whenever
 * the scan gives up. Less than half the time for a hit; the same in JavaScript was slower than `JSON.parse`.
 */
import { parseObject, type JsonEvent } from './jsonEvent.js';
import { jsonScan, type FieldNames, type Sliceable, type ValueBytes, type Wanted } from './jsonScan.js';

/** The fields of one kind of event; made once for a kind, since the scan keeps their names for good. */
export class JsonFields {
  readonly #names: FieldNames;
  #wanted: Wanted | null = null;

  constructor(names: FieldNames) {
    this.#names = names;
  }

  /**
   * The value as a JSON object of which only the wanted fields can be relied on, or why it is none, as {@link parseObject} says it. The
   * object holds until the next read.
   */
  read(value: ValueBytes): JsonEvent {
    const { valueIn, valueStart, valueEnd } = value;
    if (valueStart < 0 || valueStart === valueEnd) return 'empty';
    const scan = jsonScan();
    if (scan !== null) {
      this.#wanted ??= scan.register(this.#names);
      const values = scan.read(this.#wanted, value);
      if (values !== null) return values;
    }
    return parseObject((valueIn as Sliceable).utf8Slice(valueStart, valueEnd));
  }
}
