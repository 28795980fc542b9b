import { StorageDriverClaim, type Payload, type StorageDriver } from '@temporalio/common';

import type { Queryable } from '../postgres/pool.js';
import { brotliCodec } from './codec.js';
import { DRIVER, postgresStorage } from './postgresStorage.js';
import { referenceOf } from './reference.js';

type Convert = (payloads: Payload[]) => Promise<Payload[]>;

/** What a codec server does to a list of payloads. */
export interface RemoteCodec {
  encode: Convert;
  /** References become what they stand for; those that cannot be fetched stay, as one of them must not hide a whole history. */
  decode: Convert;
  /** Decodes everything but references. */
  decodeInline: Convert;
  /** As {@link decode}, but rejects where a reference cannot be fetched. */
  download: Convert;
}

/** `database` is asked whenever a payload is stored there; null: there is none (yet), and references stay what they are. */
export function remoteCodec(database: () => Queryable | null): RemoteCodec {
  const codec = brotliCodec();

  const fetched = async (payload: Payload): Promise<Payload> => {
    const reference = referenceOf(payload);
    if (reference?.driverName !== DRIVER) return payload;
    const db = database();
    return db === null ? payload : fetchOne(postgresStorage(db), reference.claimData);
  };

  return {
    encode: (payloads) => codec.encode(payloads),
    decodeInline: (payloads) => codec.decode(payloads),
    decode: async (payloads) =>
      codec.decode(await Promise.all(payloads.map((payload) => fetched(payload).catch(() => payload)))),
    download: async (payloads) => codec.decode(await Promise.all(payloads.map(fetched))),
  };
}

async function fetchOne(storage: StorageDriver, claimData: Record<string, string>): Promise<Payload> {
  const [payload] = await storage.retrieve({}, [new StorageDriverClaim(claimData)]);
  return payload!;
}
