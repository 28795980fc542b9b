/** Messages of a regrouping, as they stand in the internal topic: JSON, compressed by brotli. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { MessageHead } from '../domain/sources.js';
import type { Content } from '../pipelines/pollSide.js';

export interface RegroupMessage extends MessageHead {
  /** null: nothing but the watermark. */
  content: Content;
}

export function encodeMessage(message: RegroupMessage): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  return brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 1,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  });
}

export function decodeMessage(value: Buffer): RegroupMessage {
  return JSON.parse(brotliDecompressSync(value).toString('utf8')) as RegroupMessage;
}
