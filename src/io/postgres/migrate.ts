import { fileURLToPath } from 'node:url';
import { runner, type RunnerOption } from 'node-pg-migrate';
import { answering, type PostgresConfig } from './pool.js';

/** The folder of all migrations. */
export const MIGRATIONS = fileURLToPath(new URL('../../../sql/migrations', import.meta.url));

/** How they are run, and where it is written down that they were. */
export const MIGRATING = {
  dir: MIGRATIONS,
  direction: 'up',
  migrationsSchema: 'weir',
  createMigrationsSchema: true,
  migrationsTable: 'migration',
  log: () => {},
} satisfies Partial<RunnerOption>;

/** Brings the database to the newest schema (`sql/migrations`), under an advisory lock; returns the names of the migrations it ran. */
export async function migrate(config: PostgresConfig): Promise<string[]> {
  const ran = await answering(config, () =>
    runner({ ...MIGRATING, databaseUrl: config, advisoryLockMode: 'wait' }),
  );
  return ran.map(({ name }) => name);
}
