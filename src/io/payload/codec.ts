import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ENCODING = 'binary/brotli';
const ENCODING_BYTES = new TextEncoder().encode(ENCODING);

/** Batches between workflow and activities: their size is what Temporal's CPU and history are spent on. */
const ACTIVITY_LIMIT_BYTES = 1024;
/** What people look at with the CLI and the UI (input, query, update, details) stays readable without a codec server. */
const WORKFLOW_LIMIT_BYTES = 16 * 1024;

/**
 * Compresses payloads above a limit with brotli quality 1 (encoding `binary/brotli`, data = the whole original payload):
 * above 1 kB those of activities, above 16 kB all others, none of local activities, since these never leave the process.
 * A payload that does not shrink stays as it is; decoding passes on whatever has another encoding.
 */
export function brotliCodec(): PayloadCodec {
  return {
    encode: async (payloads, context) => {
      const limitBytes = limitFor(context);
      return payloads.map((payload) =>
        (payload.data?.length ?? 0) > limitBytes ? compress(payload) : payload,
      );
    },
    decode: async (payloads) =>
      payloads.map((payload) => (isCompressed(payload) ? decompress(payload) : payload)),
  };
}

function limitFor(context: SerializationContext | undefined): number {
  if (context?.type !== 'activity') return WORKFLOW_LIMIT_BYTES;
  return context.isLocal ? Infinity : ACTIVITY_LIMIT_BYTES;
}

function compress(payload: Payload): Payload {
  const whole = PayloadMessage.encode(payload).finish();
  const data = brotliCompressSync(whole, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 1,
      [constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
    },
  });
  return data.length < whole.length ? { metadata: { encoding: ENCODING_BYTES }, data } : payload;
}

function decompress(payload: Payload): Payload {
  return PayloadMessage.decode(brotliDecompressSync(payload.data ?? new Uint8Array()));
}

/** Whether this codec encoded it. */
export function isCompressed(payload: Payload): boolean {
  const encoding = payload.metadata?.encoding;
  return encoding != null && new TextDecoder().decode(encoding) === ENCODING;
}
