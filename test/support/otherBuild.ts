import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Another build of weir: its partitions run `before`, JavaScript with `patched` and `sleep` of workflows, and then do what they do in this
 * build. Resolves with its command.
 */
export async function otherBuild(before: string): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'weir-build-'));
  for (const name of ['bin', 'dist', 'package.json', 'sql'])
    await cp(join(ROOT, name), join(root, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const workflowsPath = join(root, 'dist/workflows/other.js');
  await mkdir(join(root, 'dist/workflows'), { recursive: true });
  await writeFile(
    workflowsPath,
    `import { patched, sleep } from '@temporalio/workflow';
     import { partition as today } from './index.js';
     export * from './index.js';
     export async function partition(input) {
       ${before}
       return today(input);
     }`,
  );
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  await writeFile(join(root, 'dist/workflow-bundle.js'), code);
  return join(root, 'bin/weir.mjs');
}
