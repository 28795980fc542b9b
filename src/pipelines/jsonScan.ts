/**
 * The scan of wasm/scanJson.ts from the other side: its memory, the names that it looks for, and the strings of what it finds. There is one
 * for a process, since its memory is as large as the largest batch that it takes.
 */
import { readFileSync } from 'node:fs';
import type { JsonObject } from './jsonEvent.js';

/** Names of the fields that are read: `null` for a plain value, names within where an object may stand. */
export interface FieldNames {
  [name: string]: FieldNames | null;
}

/** A record's value where it lies. The bytes of one buffer never change: it is copied once for all its values. */
export interface ValueBytes {
  readonly valueIn: Buffer;
  /** -1 where the value is null. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Fields of one object, and the object that they are handed out in: always the same one. */
export interface Wanted {
  /** Where the first of them is, in words of memory. */
  first: number;
  fields: { name: string; within: Wanted | null }[];
  values: JsonObject;
}

/** Undocumented in Node but stable: what `toString` ends up in, without its checks. */
export type Sliceable = Buffer & {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
};

/** What is used of it; its types come with the browser's only. */
interface WebAssembly {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (bytes: Buffer) => object;
  Instance: new (module: object, imports: object) => { exports: Exports };
}

/** Positions are those in memory, of fields too. */
interface Exports {
  /** Not 0 where the bytes are one JSON object. */
  scan(start: number, stop: number, firstField: number, fields: number): number;
  keep(field: number): void;
  RECORDS: { value: number };
}

// The layout of memory and the kinds: as in wasm/scanJson.ts.
const FIELDS = 0x400;
const FIELD_WORDS = 8;
const NAMES = 0x2000;
const HASHES = 0x4000;
const PLACES = 2048;
const SLOT = 256;
const RECORDS = 0x10000 + PLACES * SLOT;
/** Values in larger buffers are left to `JSON.parse`: memory stays as it is. */
export const RECORD_BYTES = 8 * 2 ** 20;
/** May be read behind the last byte. */
const SPARE = 16;
const PAGE = 65_536;
const ASCII = 1;
const UTF8 = 2;
const ESCAPED = 3;
const NULL = 4;
const NUMBER = 5;
const OBJECT = 6;
const KNOWN = 7;

/** Built beside src, as beside dist. */
const FILE = new URL('../../dist/scanJson.wasm', import.meta.url);

let shared: JsonScan | null | undefined;

/** That of this process; null where there is no room or no support for it, which is said once. */
export function jsonScan(): JsonScan | null {
  if (shared === undefined) {
    const code = readFileSync(FILE); // one that is missing is an error
    try {
      shared = new JsonScan(code);
    } catch (error) {
      shared = null;
      process.emitWarning(`events are read with JSON.parse, which takes twice as long: ${String(error)}`);
    }
  }
  return shared;
}

class JsonScan {
  readonly #bytes: Sliceable;
  readonly #words: Int32Array;
  readonly #scanner: Exports;
  /** Texts that the scan knows, by place. */
  readonly #texts = Array.from({ length: PLACES }, () => '');
  readonly #toKeep: { field: number; text: string }[] = [];
  #fieldsEnd = FIELDS / 4;
  #namesEnd = NAMES;
  /** The buffer that lies in memory. */
  #inMemory: Buffer | null = null;

  constructor(code: Buffer) {
    const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WebAssembly };
    const memory = new wasm.Memory({ initial: Math.ceil((RECORDS + RECORD_BYTES + SPARE) / PAGE) });
    this.#bytes = Buffer.from(memory.buffer) as Sliceable;
    this.#words = new Int32Array(memory.buffer);
    this.#scanner = new wasm.Instance(new wasm.Module(code), { env: { memory } }).exports;
    if (this.#scanner.RECORDS.value !== RECORDS) throw new Error(`${FILE.pathname} is of another build`);
  }

  /** Names of the fields of one kind of event: for good. */
  register(names: FieldNames): Wanted {
    const entries = Object.entries(names);
    const first = this.#fieldsEnd;
    this.#fieldsEnd += entries.length * FIELD_WORDS;
    const fields = entries.map(([name, below], i) => {
      const within = below === null ? null : this.register(below);
      const length = this.#bytes.write(name, this.#namesEnd);
      const inside = [4 * (within?.first ?? 0), within?.fields.length ?? 0];
      this.#words.set([this.#namesEnd, length, ...inside], first + i * FIELD_WORDS);
      this.#namesEnd += length;
      return { name, within };
    });
    if (4 * this.#fieldsEnd > NAMES || this.#namesEnd + SPARE > HASHES)
      throw new RangeError('there is no room for the names of so many fields');
    return { first, fields, values: Object.fromEntries(entries.map(([name]) => [name, undefined])) };
  }

  /** The wanted fields of a value, in an object that holds until the next read; null where it gives up. */
  read(wanted: Wanted, { valueIn, valueStart, valueEnd }: ValueBytes): JsonObject | null {
    if (valueIn.length > RECORD_BYTES) return null;
    if (this.#inMemory !== valueIn) {
      this.#bytes.set(valueIn, RECORDS);
      this.#inMemory = valueIn;
    }
    const { first, fields } = wanted;
    if (this.#scanner.scan(valueStart + RECORDS, valueEnd + RECORDS, 4 * first, fields.length) === 0)
      return null;
    const values = this.#valuesOf(wanted);
    if (this.#toKeep.length > 0) this.#keepTexts();
    return values;
  }

  #valuesOf({ first, fields, values }: Wanted): JsonObject {
    let field = first;
    for (const { name, within } of fields) {
      values[name] = this.#valueOf(field, within);
      field += FIELD_WORDS;
    }
    return values;
  }

  #valueOf(field: number, within: Wanted | null): unknown {
    const start = this.#words[field + 5]!;
    const end = this.#words[field + 6]!;
    switch (this.#words[field + 4]!) {
      case KNOWN:
        return this.#texts[this.#words[field + 7]!];
      case ASCII:
        return this.#made(field, this.#bytes.latin1Slice(start + 1, end - 1));
      case UTF8:
        return this.#made(field, this.#bytes.utf8Slice(start + 1, end - 1));
      case ESCAPED:
        return JSON.parse(this.#bytes.utf8Slice(start, end));
      case NULL:
        return null;
      case NUMBER:
        return Number(this.#bytes.latin1Slice(start, end));
      case OBJECT:
        return this.#valuesOf(within!);
      default:
        return undefined;
    }
  }

  /** Remembers a text that the scan wishes to be kept. */
  #made(field: number, text: string): string {
    if (this.#words[field + 7]! >= 0) this.#toKeep.push({ field, text });
    return text;
  }

  /** Keeps texts, which the scan knows from then on. Behind all fields: one of them may have been found at the same place. */
  #keepTexts(): void {
    for (const { field, text } of this.#toKeep) {
      this.#scanner.keep(4 * field);
      this.#texts[this.#words[field + 7]!] = text;
    }
    this.#toKeep.length = 0;
  }
}
