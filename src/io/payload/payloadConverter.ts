/**
 * Values as payloads, byte for byte as the SDK's own converter makes them, with the encoder of the platform: the SDK's is written in
 * JavaScript, and took a twentieth of a worker's CPU. Workers load this file by its path, and workflows have it in their bundle.
 */
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  encodingKeys,
  METADATA_ENCODING_KEY,
  UndefinedPayloadConverter,
  ValueError,
  type Payload,
  type PayloadConverterWithEncoding,
} from '@temporalio/common';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const json: PayloadConverterWithEncoding = {
  encodingType: 'json/plain',

  toPayload(value: unknown): Payload | undefined {
    const text = asJson(value);
    if (text === undefined) return undefined;
    const metadata = { [METADATA_ENCODING_KEY]: encodingKeys.METADATA_ENCODING_JSON };
    return { metadata, data: encoder.encode(text) };
  },

  fromPayload({ data }: Payload): never {
    if (data === undefined || data === null) throw new ValueError('a payload without data');
    return JSON.parse(decoder.decode(data)) as never; // whatever the caller takes it for
  },
};

/** undefined where JSON has no form for it: the composite says so. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

export const payloadConverter = new CompositePayloadConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  json,
);
