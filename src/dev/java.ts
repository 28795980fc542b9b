import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { findOnPath, firstExecutable } from './find.js';

const run = promisify(execFile);

const LOWEST_JAVA = 17;

/** A Java that can run Kafka: of `JAVA_HOME`, else of the PATH. Rejects with one sentence and the ways out. */
export async function locateJava(env: NodeJS.ProcessEnv): Promise<string> {
  const home = env.JAVA_HOME ? await firstExecutable([join(env.JAVA_HOME, 'bin', 'java')]) : undefined;
  const java = home ?? (await findOnPath('java', env));
  const waysOut = `install a Java runtime >= ${LOWEST_JAVA}, or set KAFKA_URL to a running broker.`;
  if (java === undefined)
    throw new Error(`Kafka needs Java, and there is none in JAVA_HOME or on the PATH: ${waysOut}`);
  const version = await javaVersion(java, env);
  if (version < LOWEST_JAVA)
    throw new Error(`Kafka needs Java >= ${LOWEST_JAVA}, and ${java} is ${version}: ${waysOut}`);
  return java;
}

async function javaVersion(java: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { stderr, stdout } = await run(java, ['-version'], { env });
  const [, major] = /version "(?:1\.)?(\d+)/.exec(stderr + stdout) ?? [];
  return Number(major ?? 0);
}
