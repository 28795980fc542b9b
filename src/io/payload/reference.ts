import type { Payload } from '@temporalio/common';

/** What stands in history instead of a payload that is stored elsewhere. */
export interface Reference {
  driverName: string;
  claimData: Record<string, string>;
}

const MESSAGE_TYPE = 'temporal.api.sdk.v1.ExternalStorageReference';

/** The reference that a payload is; null where it is an ordinary payload. */
export function referenceOf({ metadata, data }: Payload): Reference | null {
  const type = metadata?.['messageType'];
  if (type == null || data == null || new TextDecoder().decode(type) !== MESSAGE_TYPE) return null;
  return JSON.parse(new TextDecoder().decode(data)) as Reference;
}
