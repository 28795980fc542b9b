import { Command, CommanderError } from 'commander';

interface Subcommand {
  summary: string;
  /** Loads the subcommand's own file: only the one that runs pays for its imports. */
  load: () => Promise<Command>;
}

const SUBCOMMANDS: Record<string, Subcommand> = {
  worker: {
    summary: 'run the workflows and activities of jobs',
    load: async () => (await import('./worker.js')).workerCommand(),
  },
  demo: {
    summary: 'start everything here and watch results come',
    load: async () => (await import('./demo.js')).demoCommand(),
  },
  status: {
    summary: 'how far jobs are',
    load: async () => (await import('./status.js')).statusCommand(),
  },
  replay: {
    summary: 'write results of a job again',
    load: async () => (await import('./replay.js')).replayCommand(),
  },
  geo: {
    summary: 'how locations of addresses are found',
    load: async () => (await import('./geo.js')).geoCommand(),
  },
  rejected: {
    summary: 'records that did not count: look at them, send them again',
    load: async () => (await import('./rejected.js')).rejectedCommand(),
  },
  doctor: {
    summary: 'check every server and setting',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
  migrate: {
    summary: 'bring the database to the newest schema',
    load: async () => (await import('./migrate.js')).migrateCommand(),
  },
  import: {
    summary: 'send an access log to a Kafka topic',
    load: async () => (await import('./import.js')).importCommand(),
  },
  generate: {
    summary: 'send made-up but realistic traffic to a Kafka topic',
    load: async () => (await import('./generate.js')).generateCommand(),
  },
  run: {
    summary: 'run a pipeline over a file, without any server',
    load: async () => (await import('./run.js')).runCommand(),
  },
};

/** Bad usage or bad configuration. */
const EXIT_USAGE = 2;

/**
 * Runs the `weir` command.
 *
 * @param args what stands behind `weir`
 * @returns the exit code: 0, 1 where the work failed, 2 for bad usage or configuration; everything is printed already
 */
export async function runCli(args: readonly string[]): Promise<number> {
  process.stdout.on('error', endQuietlyWithoutReader);
  try {
    const program = await programFor(args[0]);
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE; // commander has printed it
    const problems = problemsOf(error);
    console.error(report(args[0]!, problems ?? [error instanceof Error ? error.message : String(error)]));
    return problems === null ? 1 : EXIT_USAGE;
  }
}

/** The program with the subcommand `name` in full and the others by their summary. */
async function programFor(name: string | undefined): Promise<Command> {
  const program = new Command('weir')
    .description(
      'Web-traffic stream processing on Temporal: events from Kafka, exact and durable results in Postgres',
    )
    .helpCommand(false)
    .exitOverride();
  for (const [each, { summary, load }] of Object.entries(SUBCOMMANDS)) {
    const command = each === name ? await load() : new Command(each).summary(summary);
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}

/** What is wrong with usage or configuration: by the field, so that the errors' own files need not be loaded. Null: another error. */
function problemsOf(error: unknown): readonly string[] | null {
  if (!(error instanceof Error) || !('problems' in error) || !Array.isArray(error.problems)) return null;
  return error.problems as string[];
}

function report(name: string, sentences: readonly string[]): string {
  if (sentences.length === 1) return `weir ${name}: ${sentences[0]!}`;
  return [`weir ${name}:`, ...sentences.map((sentence) => `  - ${sentence}`)].join('\n');
}

/** `weir … | head` closes the pipe: that is no failure. */
function endQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
