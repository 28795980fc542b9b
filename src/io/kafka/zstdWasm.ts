import { decompress, init } from '@bokuweb/zstd-wasm';

/** zstd for Node before 22.15. Import it dynamically: loading compiles the WebAssembly, once a process. */
await init();

const smallestBytes = 1 << 20;
const largestBytes = 1 << 29;
const outputTooSmall = /code -70\b/;

/** Decompresses one frame. Java's producers do not write the size into it, so the output grows until all fits. */
export function decompressZstd(data: Buffer): Buffer {
  for (let bytes = Math.max(smallestBytes, 8 * data.length); ; bytes *= 4) {
    try {
      const out = decompress(data, { defaultHeapSize: bytes });
      return Buffer.from(out.buffer, out.byteOffset, out.byteLength);
    } catch (error) {
      if (bytes >= largestBytes || !(error instanceof Error) || !outputTooSmall.test(error.message))
        throw error;
    }
  }
}
