import { readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { cacheFolder, makeOnce, withTicker } from './cache.js';
import { type StackContext, logFile } from './context.js';
import { exists, findOnPath } from './find.js';
import { runTool } from './process.js';

const KAFKA_VERSION = '4.1.1';

const WAYS_OUT = 'or set KAFKA_URL to a running broker';

/** Where the broker's jars are or will come from. Found out before anything slow begins, so that what is missing is said at once. */
export type KafkaLibs = { kind: 'there'; folder: string } | { kind: 'maven'; mvn: string };

/** `KAFKA_HOME`, else the Kafka that `kafka-server-start.sh` on the PATH belongs to, else what Maven fetched or can fetch. */
export async function locateKafkaLibs(env: NodeJS.ProcessEnv): Promise<KafkaLibs> {
  const script =
    (await findOnPath('kafka-server-start.sh', env)) ?? (await findOnPath('kafka-server-start', env));
  const homes = [env.KAFKA_HOME, script && dirname(dirname(await realpath(script)))].filter(
    (home) => home !== undefined,
  );
  for (const home of homes)
    if (await hasBroker(join(home, 'libs'))) return { kind: 'there', folder: join(home, 'libs') };
  if (await exists(cachedLibs(env))) return { kind: 'there', folder: cachedLibs(env) };
  const mvn = await findOnPath('mvn', env);
  if (mvn !== undefined) return { kind: 'maven', mvn };
  throw new Error(
    `Kafka needs Maven (mvn), which fetches it once, and there is none on the PATH: install Maven, put Kafka ${KAFKA_VERSION} on the machine and set KAFKA_HOME, ${WAYS_OUT}.`,
  );
}

/** The folder with the jars, fetched by Maven into the cache when they are not there. */
export async function kafkaLibs(libs: KafkaLibs, context: StackContext): Promise<string> {
  if (libs.kind === 'there') return libs.folder;
  const say = (line: string) => context.progress(`kafka: ${line}`);
  return withTicker(say, `fetching Apache Kafka ${KAFKA_VERSION} with Maven (54 MB, once)`, () =>
    makeOnce(cachedLibs(context.env), async (folder) => {
      const pom = join(folder, 'pom.xml');
      await writeFile(pom, POM);
      const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
      await runTool(
        {
          file: libs.mvn,
          args: ['--batch-mode', '--no-transfer-progress', '-f', pom, ...goals],
          env: context.env,
        },
        { logFile: logFile(context, 'kafka-maven'), signal: context.signal },
      );
    }),
  );
}

function cachedLibs(env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), `kafka-${KAFKA_VERSION}`);
}

async function hasBroker(folder: string): Promise<boolean> {
  const files = await readdir(folder).catch(() => []);
  return files.some((file) => /^kafka_2\.\d+-.*\.jar$/.test(file));
}

const dependency = (group: string, artifact: string, version: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

/** The broker, the tool that formats its storage, and a log writer: without one the broker says nothing at all. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>weir</groupId>
  <artifactId>kafka-for-weir</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3')}
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>3.8.1</version>
      </plugin>
    </plugins>
  </build>
</project>
`;
