/** Runs of a test's workflows whose histories are replayed at its end, and kept in test/histories with WEIR_RECORD=1, where none of that name is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replay, type RecordedRun } from './replay.js';
import type { Weir } from './weir.js';

const ROOT = join(import.meta.dirname, '../..');

export class RecordedRuns {
  readonly #weir: Weir;
  readonly #runs: { as: string; workflowId: string; runId: string }[] = [];

  constructor(weir: Weir) {
    this.#weir = weir;
  }

  /** Notes the run of a workflow that is the newest now, or another one, under the name of its file. */
  async note(as: string, workflowId: string, runId?: string): Promise<void> {
    const newest = async () => (await this.#weir.client.workflow.getHandle(workflowId).describe()).runId;
    this.#runs.push({ as, workflowId, runId: runId ?? (await newest()) });
  }

  /** Rejects where today's workflows would do anything else than what they have just done. */
  async replay(): Promise<void> {
    for (const { as, workflowId, runId } of this.#runs) {
      const show = ['workflow', 'show', '-w', workflowId, '-r', runId, '-o', 'json'];
      const history = JSON.parse(await this.#weir.temporal(...show)) as unknown;
      await replay({ workflowId, history });
      if (process.env['WEIR_RECORD']) record(as, { workflowId, history });
    }
  }
}

function record(as: string, run: RecordedRun): void {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const file = join(ROOT, 'test/histories', version, `${as}.json`);
  // Those that are there are of an older build, whose runs may be open somewhere.
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(withoutHosts(run))}\n`);
}

/** Names of machines and processes have no place in the repository. */
function withoutHosts(run: RecordedRun): unknown {
  return JSON.parse(
    JSON.stringify(run, (key, value: unknown) => (key === 'identity' || key === 'stackTrace' ? '' : value)),
  );
}
