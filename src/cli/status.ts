import { Command } from 'commander';
import { loadConfig } from '../worker/config.js';
import { gather } from './status/gather.js';
import { shownJob } from './status/shown.js';

export function statusCommand(): Command {
  return new Command('status')
    .summary('how far jobs are')
    .description(
      'Shows where each partition of the jobs stands: how far it is committed, what is left to read, what it holds, and what it waits for.',
    )
    .argument('[job]', 'the workflow id of one job (default: all)')
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .action(async (name: string | undefined, { json }: { json?: true }) => {
      const jobs = await gather(loadConfig(process.env), name, (sentence) =>
        console.error(`weir status: ${sentence}`),
      );
      if (json) console.log(JSON.stringify(jobs, null, 2));
      else {
        const width = process.stdout.columns ?? Infinity;
        console.log(jobs.map((job) => shownJob(job, { width, now: Date.now() })).join('\n\n'));
      }
    });
}
