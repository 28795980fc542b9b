/** The location databases of `GEOIP_MMDB`: looked up in memory, read again when their files change. */
import { isV6 } from './addresses.js';
import { MmdbFile } from './mmdbFile.js';
import type { Place } from './place.js';

/** How soon a file that changed is noticed. */
const LOOK_EVERY_MS = 5000;

export interface Mmdb {
  /** @param address a public one, in its canonical form; null where the databases do not know it */
  lookUp(address: string): Place | null;
  /** Grows when a file was read again: what was remembered from it is no longer true. */
  readonly version: number;
  /** Looks whether files have changed, and reads those again; goes on by itself every few seconds until `close`. */
  refresh(): Promise<void>;
  close(): void;
}

/**
 * @param paths one or two files: for IPv4 and IPv6 apart, or one that holds both
 * @throws an error that names the path where one cannot be read, is no MMDB, or where two are for the same version of IP
 */
export async function openMmdb(
  paths: readonly string[],
  { warn }: { warn: (message: string) => void },
): Promise<Mmdb> {
  const files = await Promise.all(paths.map((path) => MmdbFile.open(path, warn)));
  const v4 = files.filter(({ ipVersion }) => ipVersion === 4);
  const v6 = files.filter(({ ipVersion }) => ipVersion === 6);
  for (const [first, second] of [v4, v6]) {
    if (first && second)
      throw new Error(`${first.path} and ${second.path} are both for IPv${first.ipVersion}`);
  }
  const fileFor = (address: string): MmdbFile | undefined => (isV6(address) ? v6[0] : (v4[0] ?? v6[0]));
  let version = 0;

  const refresh = async (): Promise<void> => {
    const changed = await Promise.all(files.map((file) => file.refresh()));
    if (changed.includes(true)) version += 1;
  };
  // Not a file watcher: those lose a file that is replaced by a rename.
  const timer = setInterval(() => void refresh(), LOOK_EVERY_MS).unref();
  return {
    lookUp: (address) => fileFor(address)?.lookUp(address) ?? null,
    get version() {
      return version;
    },
    refresh,
    close: () => clearInterval(timer),
  };
}
