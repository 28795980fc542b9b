import { expect } from 'vitest';
import { parseObject, type JsonEvent } from '../../src/pipelines/jsonEvent.js';
import type { JsonFields } from '../../src/pipelines/jsonFields.js';
import type { ValueBytes } from '../../src/pipelines/jsonScan.js';

/** A text as a record's value that stands between others. */
export function valueBytes(text: string | Buffer | null, before = '{"a":"'): ValueBytes {
  if (text === null) return { valueIn: Buffer.from(before), valueStart: -1, valueEnd: -1 };
  const valueIn = Buffer.concat([Buffer.from(before), Buffer.from(text as string), Buffer.from('"}],0')]);
  const valueStart = Buffer.byteLength(before);
  return { valueIn, valueStart, valueEnd: valueStart + Buffer.byteLength(text) };
}

/** Decodes a text as `JSON.parse` reads it, and expects the same of what `fields` reads of its bytes. */
export function decoding<Decoded>(
  fields: JsonFields,
  decode: (event: JsonEvent) => Decoded,
): (text: string | null) => Decoded {
  return (text) => {
    const decoded = decode(parseObject(text));
    // Three times: by then its texts are known.
    for (let time = 0; time < 3; time++) expect(decode(fields.read(valueBytes(text)))).toEqual(decoded);
    return decoded;
  };
}
