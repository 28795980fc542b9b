import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeOnce, withTicker } from '../../src/dev/cache.js';
import { runTool } from '../../src/dev/process.js';
import { ENGINES, type Built, type EngineName } from './engines.js';

/** What building takes from the comparison. */
export interface Workshop {
  /** The peers' folder, which is only read. */
  dir: string;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  /** For logs, and what lasts only as long as this comparison. */
  scratch: string;
  signal: AbortSignal;
}

/** Those with which the peers' report was made. */
const SPARK_PACKAGES = ['pyspark==4.1.1', 'pandas==3.1.1', 'pyarrow==26.0.1', 'ua-parser==1.0.2'];
/** Of latency.py. */
const LATENCY_PACKAGES = ['psycopg[binary]==3.3.9', 'confluent-kafka==2.16.1'];

/** Builds an engine's job with Maven and javac (and pip), into the user's cache and only when it is not there. */
export async function buildEngine(shop: Workshop, name: EngineName): Promise<Built> {
  const inputs = await Promise.all(ENGINES[name].files.map((file) => readFile(join(shop.dir, file))));
  const folder = await once(shop, {
    what: `building the job of ${ENGINES[name].title}: fetching what it needs with Maven${name === 'spark' ? ' and pip' : ''} (once)`,
    name: `peer-${name}-${hashOf([...inputs, ...(name === 'spark' ? SPARK_PACKAGES : [])])}`,
    make: (folder) => (name === 'spark' ? buildSpark(shop, folder) : buildJava(shop, name, folder)),
  });
  return name === 'spark' ? spread(shop, folder) : { folder, python: 'python3' };
}

/** A Python that can run the peers' latency.py. */
export async function latencyPython(shop: Workshop): Promise<string> {
  const folder = await once(shop, {
    what: 'fetching what latency.py needs with pip (once)',
    name: `peer-latency-${hashOf(LATENCY_PACKAGES)}`,
    make: (folder) => makePython(shop, folder, LATENCY_PACKAGES),
  });
  return pythonOf(folder);
}

function once(
  { env, say }: Workshop,
  { what, name, make }: { what: string; name: string; make: (folder: string) => Promise<void> },
): Promise<string> {
  const target = join(cacheFolder(env), name);
  return makeOnce(target, (folder) => withTicker(say, what, () => make(folder)));
}

async function buildJava(shop: Workshop, name: EngineName, folder: string): Promise<void> {
  const { dir } = shop;
  const jars = join(folder, 'jars');
  await copyJars(shop, name, jars);
  const sources = join(dir, name, 'src/main/java');
  const files = (await readdir(sources)).map((file) => join(sources, file));
  const to = join(folder, 'classes');
  await tool(shop, 'javac', ['-nowarn', '-cp', join(jars, '*'), '-d', to, ...files]);
}

async function buildSpark(shop: Workshop, folder: string): Promise<void> {
  const jars = join(folder, 'jars');
  await copyJars(shop, 'spark', jars);
  await makePython(shop, folder, SPARK_PACKAGES);
  const lib = join(folder, 'python/lib');
  const [version] = await readdir(lib);
  const sparkJars = join(lib, version!, 'site-packages/pyspark/jars/*');
  const shim = ENGINES.spark.files
    .filter((file) => file.endsWith('.java'))
    .map((file) => join(shop.dir, file));
  const to = join(folder, 'shim');
  await tool(shop, 'javac', ['-nowarn', '-cp', sparkJars, '-d', to, ...shim]);
  await tool(shop, 'jar', ['cf', join(jars, 'token-shim.jar'), '-C', to, '.']);
}

/** peer.py looks for its jars beside itself: a folder in which both are, without copying it. */
async function spread({ dir, scratch }: Workshop, built: string): Promise<Built> {
  const folder = await mkdtemp(join(scratch, 'spark-peer-'));
  for (const file of ['peer.py', 'ua.py']) await symlink(join(dir, 'spark', file), join(folder, file));
  await symlink(join(built, 'jars'), join(folder, 'jars'));
  return { folder, python: pythonOf(built) };
}

function copyJars(shop: Workshop, name: EngineName, to: string): Promise<void> {
  const options = ['--batch-mode', '--no-transfer-progress', '-f', join(shop.dir, name, 'pom.xml')];
  return tool(shop, 'mvn', [
    ...options,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${to}`,
  ]);
}

async function makePython(shop: Workshop, folder: string, packages: readonly string[]): Promise<void> {
  await tool(shop, 'python3', ['-m', 'venv', join(folder, 'python')]);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await tool(shop, pythonOf(folder), [...install, ...packages]);
}

function pythonOf(folder: string): string {
  return join(folder, 'python/bin/python');
}

function tool({ env, scratch, signal }: Workshop, file: string, args: readonly string[]): Promise<void> {
  return runTool({ file, args, env, cwd: scratch }, { logFile: join(scratch, 'build.log'), signal });
}

function hashOf(inputs: readonly (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(input).update('\0');
  return hash.digest('hex').slice(0, 12);
}
