import { Command } from 'commander';
import { loadConfig } from '../worker/config.js';
import { runWorker } from '../worker/main.js';

export function workerCommand(): Command {
  return new Command('worker')
    .summary('run the workflows and activities of jobs, until Ctrl-C')
    .action(() => runWorker(loadConfig(process.env), { log: (line) => console.error(line) }));
}
