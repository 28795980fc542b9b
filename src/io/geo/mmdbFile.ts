/** One MMDB file, that is read again when it has changed. */
import { readFile, stat } from 'node:fs/promises';
import { Reader, type Response } from 'maxmind';
import { placeOfRecord } from './mmdbRecord.js';
import type { Place } from './place.js';

export class MmdbFile {
  readonly path: string;
  readonly #warn: (message: string) => void;
  #reader: Reader<Response>;
  /** What the file was like when it was last read, or could not be. */
  #seen: string;

  private constructor(
    path: string,
    loaded: { reader: Reader<Response>; seen: string },
    warn: (message: string) => void,
  ) {
    this.path = path;
    this.#reader = loaded.reader;
    this.#seen = loaded.seen;
    this.#warn = warn;
  }

  /** Rejects, naming the path, where the file is absent or no MMDB. */
  static async open(path: string, warn: (message: string) => void): Promise<MmdbFile> {
    try {
      const seen = await identity(path);
      return new MmdbFile(path, { reader: await load(path), seen }, warn);
    } catch (error) {
      throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }

  /** 4, or 6 for one that holds both. */
  get ipVersion(): number {
    return this.#reader.metadata.ipVersion;
  }

  /** @param address a canonical one, of a family that the file holds */
  lookUp(address: string): Place | null {
    return placeOfRecord(this.#reader.get(address));
  }

  /** Reads the file again where it has changed; true when it was. One that cannot be read, or holds another family, is warned of once. */
  async refresh(): Promise<boolean> {
    const now = await identity(this.path).catch((error: unknown) => (error as Error).message);
    if (now === this.#seen) return false;
    this.#seen = now;
    try {
      const reader = await load(this.path);
      if (reader.metadata.ipVersion !== this.ipVersion) throw new Error('it is for the other version of IP');
      this.#reader = reader;
      return true;
    } catch (error) {
      this.#warn(
        `GEOIP_MMDB: ${this.path} changed, and the old one stays in use: ${(error as Error).message}`,
      );
      return false;
    }
  }
}

/** Another one after a change in place and after a rename. */
async function identity(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

async function load(path: string): Promise<Reader<Response>> {
  const reader = new Reader<Response>(await readFile(path));
  const { nodeCount, ipVersion } = reader.metadata;
  if (!(nodeCount > 0) || (ipVersion !== 4 && ipVersion !== 6)) throw new Error('it is no MMDB database');
  reader.get('8.8.8.8'); // one that was cut off fails here rather than later
  return reader;
}
