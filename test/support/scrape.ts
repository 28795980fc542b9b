/** What a worker's `/metrics` says, taken apart. */

import { createServer, type AddressInfo } from 'node:net';

/** A sample of one series. */
interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Scrape {
  samples: Sample[];
  /** By the name of the family: a histogram's is without `_bucket`, `_sum` and `_count`. */
  types: Map<string, string>;
}

export async function scrape(port: number): Promise<Scrape> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return parseScrape(await answer.text());
}

function parseScrape(text: string): Scrape {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (family !== undefined) types.set(family, type!);
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    samples.push({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, of]) => [label!, of!]),
      ),
      value: Number(value),
    });
  }
  return { samples, types };
}

/** The sum over all series of that name that have these labels; null where there is none. */
export function valueOf(
  { samples }: Scrape,
  name: string,
  labels: Record<string, string> = {},
): number | null {
  const found = samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** A port of this host on which nobody listens now, nor on the one behind it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = (await listens(0))!;
    if ((await listens(port + 1)) !== null) return port;
  }
}

/** The port on which a server could listen; null where it could not. */
function listens(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server
      .once('error', () => resolve(null))
      .listen(port, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
  });
}
