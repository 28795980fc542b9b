import { Command } from 'commander';
import { loadConfig } from '../worker/config.js';
import { linesOfWorkers } from '../worker/logger.js';
import { runWorker } from '../worker/main.js';
import { endWithParent, runProcesses } from '../worker/processes.js';
import { OptionReader } from './options.js';

const MOST_PROCESSES = 256;

export function workerCommand(): Command {
  return new Command('worker')
    .summary('run the workflows and activities of jobs, until Ctrl-C')
    .option('--processes <n>', 'so many workers, a process each; one that dies is started again (default: 1)')
    .action(run);
}

async function run(options: { processes?: string }): Promise<void> {
  const read = new OptionReader();
  const processes = read.integer('--processes', options.processes) ?? 1;
  if (processes > MOST_PROCESSES) read.problem(`--processes ${processes}: at most ${MOST_PROCESSES}`);
  read.finish();
  const config = loadConfig(process.env);
  if (processes === 1) {
    endWithParent();
    await runWorker(config);
    return;
  }
  const command = [process.execPath, ...process.execArgv, process.argv[1]!, 'worker'] as const;
  process.exitCode = await runProcesses({
    processes,
    command,
    // Each serves metrics on a port of its own.
    envOf: (index) =>
      config.metrics === null
        ? {}
        : { METRICS_ADDRESS: `${config.metrics.host}:${config.metrics.port + index}` },
    log: linesOfWorkers(config.log.format),
  });
}
