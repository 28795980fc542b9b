import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { locateJava } from '../../src/dev/java.js';
import { locateKafkaLibs } from '../../src/dev/kafkaLibs.js';
import { locatePostgres } from '../../src/dev/postgresBinaries.js';
import { removeStackData, startStack } from '../../src/dev/stack.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-missing-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A machine with nothing on its PATH, nothing in its cache. */
const bare = () => ({ PATH: '', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') });

async function program(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

test('without Java, Maven and Go: all of it in one error with the ways out, and nothing is left running', async () => {
  const dataDir = join(folder, 'data');
  const start = startStack({ dataDir, env: bare(), progress: () => undefined, usualPorts: false });
  await expect(start).rejects.toThrow(
    [
      'Kafka needs Java, and there is none in JAVA_HOME or on the PATH: install a Java runtime >= 17, or set KAFKA_URL to a running broker.',
      'Temporal needs its command line tool, or Go to build it once, and neither is on the PATH: install the `temporal` CLI, or install Go, or set TEMPORAL_ADDRESS to a running server.',
    ].join('\n'),
  );
  expect(await readdir(join(dataDir, 'processes'))).toEqual([]);
  await removeStackData(dataDir);
});

test('with Java but without Maven: the sentence names Maven', async () => {
  await expect(locateKafkaLibs(bare())).rejects.toThrow(/^Kafka needs Maven \(mvn\).*KAFKA_HOME.*KAFKA_URL/);
});

describe('Java', () => {
  test.each([
    ['17.0.15', true],
    ['21', true],
    ['16.0.2', false],
    ['1.8.0_402', false],
  ])('version %s: fit for Kafka is %s', async (version, fits) => {
    await program(join(folder, 'java'), `echo 'openjdk version "${version}" 2025-04-15' >&2`);
    const located = locateJava({ PATH: folder });
    if (fits) expect(await located).toBe(join(folder, 'java'));
    else await expect(located).rejects.toThrow('Kafka needs Java >= 17, and');
  });

  test('that of JAVA_HOME goes before the one on the PATH', async () => {
    await mkdir(join(folder, 'home', 'bin'), { recursive: true });
    await program(join(folder, 'home', 'bin', 'java'), `echo 'openjdk version "17"' >&2`);
    await program(join(folder, 'java'), `echo 'openjdk version "21"' >&2`);
    expect(await locateJava({ PATH: folder, JAVA_HOME: join(folder, 'home') })).toBe(
      join(folder, 'home', 'bin', 'java'),
    );
  });
});

test('the Kafka of KAFKA_HOME is used when there is one', async () => {
  await mkdir(join(folder, 'libs'));
  await writeFile(join(folder, 'libs', 'kafka_2.13-4.1.1.jar'), '');
  expect(await locateKafkaLibs({ ...bare(), KAFKA_HOME: folder })).toEqual({
    kind: 'there',
    folder: join(folder, 'libs'),
  });
});

describe('Postgres', () => {
  test('data of version 18 are read by the npm package when no other 18 is there', async () => {
    expect(await locatePostgres(bare(), 18)).toMatchObject({ major: 18 });
  });

  test('data of a version that is not there: the sentence names both and the ways out', async () => {
    await expect(locatePostgres(bare(), 12)).rejects.toThrow(
      /^The data were written by Postgres 12, and only .*18.* is here: .*POSTGRES_URL.*--reset\.$/,
    );
  });
});
