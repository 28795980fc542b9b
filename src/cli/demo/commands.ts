import { dirname, join } from 'node:path';
import { findTemporalCli } from '../../dev/temporal.js';
import type { Stack } from '../../dev/stack.js';

export interface Hints {
  /** For `source .weir/env`: addresses of the stack for the temporal CLI, psql and weir. */
  env: string;
  text(): string;
}

/** What a person can do next, by commands that work as they stand. */
export async function tryNext(
  stack: Stack,
  at: { dataDir: string; workerPid: () => number },
): Promise<Hints> {
  const { kafka, temporal, postgres, codec, temporalUi } = stack;
  const cli = await findTemporalCli(process.env);
  const env = [
    `export KAFKA_URL=${kafka.address}`,
    `export TEMPORAL_ADDRESS=${temporal.address}`,
    `export TEMPORAL_CODEC_ENDPOINT=${codec.address}`,
    `export POSTGRES_URL='${postgres.address}'`,
    ...(cli ? [`export PATH="${dirname(cli)}:$PATH"`] : []),
    '',
  ].join('\n');
  return {
    env,
    text: () =>
      [
        `Temporal UI  ${temporalUi ?? `the one of ${temporal.address}`}`,
        `Postgres     psql '${postgres.address}'`,
        `Worker       process ${at.workerPid()}: kill -9 it and see nothing lost or doubled`,
        '',
        'Try next, in another terminal:',
        `  source ${join(at.dataDir, 'env')}`,
        `  temporal workflow query --workflow-id hits --type progress`,
        `  temporal workflow start --type pipeline --task-queue weir --workflow-id hits-1m --fail-existing \\`,
        `    --input '{"pipeline":"hits","size":"1m"}'`,
        `  temporal workflow update execute --workflow-id hits-1m --name drain`,
        `  npx weir status`,
        `  psql "$POSTGRES_URL" -c 'select * from user_sessions where is_logged_in order by session_start desc limit 5'`,
        `  psql "$POSTGRES_URL" -c "select * from GetNumberOfUniqueUsers('https://www.example.com/', 'US')"`,
        '',
        'Ctrl-C stops everything; what it has done is kept in .weir (npm start -- --reset begins afresh).',
      ].join('\n'),
  };
}
