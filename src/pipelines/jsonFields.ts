/**
 * Reads a few fields out of JSON in UTF-8 and makes nothing of the rest: of the 300 bytes of an event a hit needs three short texts, where
 * `JSON.parse` makes an object and a string of every field. Says the same as {@link parseObject} in every case, which is asked whenever
 * the scan (wasm/scanJson.ts) gives up. Nearly half the time for a hit; the same in JavaScript was slower than `JSON.parse`.
 */
import { readFileSync } from 'node:fs';
import { parseObject, type JsonEvent, type JsonObject } from './jsonEvent.js';

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
interface Wanted {
  /** Where the first of them is, in words of memory. */
  first: number;
  fields: { name: string; within: Wanted | null }[];
  values: JsonObject;
}

/** Undocumented in Node but stable: what `toString` ends up in, without its checks. */
type Sliceable = Buffer & {
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
}

// The layout of memory and the kinds: as in wasm/scanJson.ts.
const FIELDS = 0x400;
const FIELD_WORDS = 8;
const NAMES = 0x2000;
const PLACES = 2048;
const SLOT = 256;
const RECORDS = 0x10000 + PLACES * SLOT;
/** Values in larger buffers are left to `JSON.parse`: memory stays at its largest. */
const RECORD_BYTES = 8 * 2 ** 20;
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

const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WebAssembly };
const memory = new wasm.Memory({ initial: Math.ceil((RECORDS + RECORD_BYTES + SPARE) / PAGE) });
const bytes = Buffer.from(memory.buffer) as Sliceable;
const words = new Int32Array(memory.buffer);
const scanner = load();
/** Texts that the scan knows, by place. */
const texts = Array.from({ length: PLACES }, () => '');
const toKeep: { field: number; text: string }[] = [];
let fieldsSoFar = 0;
let namesEnd = NAMES;
/** The buffer that lies in memory. */
let inMemory: Buffer = bytes;

/** Fields of one kind of event; made once for a kind, since the scan keeps their names for good. */
export class JsonFields {
  readonly #wanted: Wanted;

  constructor(names: FieldNames) {
    this.#wanted = register(names);
  }

  /**
   * The value as a JSON object of which only the wanted fields can be relied on, or why it is none, as {@link parseObject} says it. The
   * object holds until the next read.
   */
  read({ valueIn, valueStart, valueEnd }: ValueBytes): JsonEvent {
    if (valueStart < 0 || valueStart === valueEnd) return 'empty';
    if (valueIn.length <= RECORD_BYTES) {
      if (inMemory !== valueIn) {
        bytes.set(valueIn, RECORDS);
        inMemory = valueIn;
      }
      const { first, fields } = this.#wanted;
      if (scanner.scan(valueStart + RECORDS, valueEnd + RECORDS, 4 * first, fields.length) !== 0) {
        valuesOf(this.#wanted);
        if (toKeep.length > 0) keepTexts();
        return this.#wanted.values;
      }
    }
    return parseObject((valueIn as Sliceable).utf8Slice(valueStart, valueEnd));
  }
}

function valuesOf({ first, fields, values }: Wanted): JsonObject {
  let field = first;
  for (const { name, within } of fields) {
    values[name] = valueOf(field, within);
    field += FIELD_WORDS;
  }
  return values;
}

function valueOf(field: number, within: Wanted | null): unknown {
  const start = words[field + 5]!;
  const end = words[field + 6]!;
  switch (words[field + 4]!) {
    case KNOWN:
      return texts[words[field + 7]!];
    case ASCII:
      return kept(field, bytes.latin1Slice(start + 1, end - 1));
    case UTF8:
      return kept(field, bytes.utf8Slice(start + 1, end - 1));
    case ESCAPED:
      return JSON.parse(bytes.utf8Slice(start, end));
    case NULL:
      return null;
    case NUMBER:
      return Number(bytes.latin1Slice(start, end));
    case OBJECT:
      return valuesOf(within!);
    default:
      return undefined;
  }
}

/** Remembers a text that the scan wishes to be kept. */
function kept(field: number, text: string): string {
  if (words[field + 7]! >= 0) toKeep.push({ field, text });
  return text;
}

/** Keeps texts, which the scan knows from then on. Behind all fields: one of them may have been found at the same place. */
function keepTexts(): void {
  for (const { field, text } of toKeep) {
    scanner.keep(4 * field);
    texts[words[field + 7]!] = text;
  }
  toKeep.length = 0;
}

function register(names: FieldNames): Wanted {
  const entries = Object.entries(names);
  const first = FIELDS / 4 + fieldsSoFar * FIELD_WORDS;
  fieldsSoFar += entries.length;
  const fields = entries.map(([name, below], i) => {
    const within = below === null ? null : register(below);
    const length = bytes.write(name, namesEnd);
    words.set(
      [namesEnd, length, 4 * (within?.first ?? 0), within?.fields.length ?? 0],
      first + i * FIELD_WORDS,
    );
    namesEnd += length;
    return { name, within };
  });
  return { first, fields, values: Object.fromEntries(entries.map(([name]) => [name, undefined])) };
}

/** Built beside src, as beside dist. */
function load(): Exports {
  const file = new URL('../../dist/scanJson.wasm', import.meta.url);
  return new wasm.Instance(new wasm.Module(readFileSync(file)), { env: { memory } }).exports;
}
