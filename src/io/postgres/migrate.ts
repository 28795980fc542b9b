import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { answering, type PostgresConfig } from './pool.js';

/** The folder of all migrations. */
export const MIGRATIONS = fileURLToPath(new URL('../../../sql/migrations', import.meta.url));

/** Brings the database to the newest schema (`sql/migrations`), under an advisory lock; returns the names of the migrations it ran. */
export async function migrate(config: PostgresConfig): Promise<string[]> {
  const ran = await answering(config, () =>
    runner({
      databaseUrl: config,
      dir: MIGRATIONS,
      direction: 'up',
      migrationsSchema: 'weir',
      createMigrationsSchema: true,
      migrationsTable: 'migration',
      advisoryLockMode: 'wait',
      log: () => {},
    }),
  );
  return ran.map(({ name }) => name);
}
