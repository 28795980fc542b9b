/** A big-endian 64-bit integer as a number: exact below 2^53, which offsets, times and producer ids stay below. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
