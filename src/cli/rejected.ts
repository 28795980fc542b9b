import { Command } from 'commander';
import { countCommand } from './rejected/count.js';
import { listCommand } from './rejected/list.js';
import { replayCommand } from './rejected/replay.js';
import { showCommand } from './rejected/show.js';

export function rejectedCommand(): Command {
  const command = new Command('rejected')
    .summary('records that did not count: look at them, send them again')
    .description('Looks at the records that were rejected or late, and sends them to their topic again.')
    .helpCommand(false);
  for (const each of [listCommand(), showCommand(), countCommand(), replayCommand()])
    command.addCommand(each.exitOverride());
  return command;
}
