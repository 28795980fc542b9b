import { Command } from 'commander';
import { migrate } from '../io/postgres/migrate.js';
import { loadConfig } from '../worker/config.js';

export function migrateCommand(): Command {
  return new Command('migrate').summary('bring the database to the newest schema').action(async () => {
    const ran = await migrate(loadConfig(process.env).postgres);
    console.log(ran.length === 0 ? 'the schema is up to date' : `ran ${ran.join(', ')}`);
  });
}
