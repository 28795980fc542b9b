/** src and wasm -> dist, and the workflows once more as the one bundle that workers load (they start a second earlier than by bundling). */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import asc from 'assemblyscript/asc';

import { build, hashOf, root } from './inputs.mjs';

const stamp = hashOf(build.inputs);
rmSync(join(root, 'dist'), { recursive: true, force: true });
const stderr = asc.createMemoryStream();
const { error } = await asc.main(
  [
    'wasm/scanJson.ts',
    '--baseDir',
    root,
    '--outFile',
    'dist/scanJson.wasm',
    '--runtime=stub',
    '--importMemory',
    '--enable=simd',
    '-O3',
  ],
  { stderr },
);
if (error !== null) {
  console.error(String(error), Buffer.concat(stderr).toString());
  process.exit(1);
}

const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const compiled = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(1);

const workflowsPath = join(root, 'dist', 'workflows', 'index.js');
if (existsSync(workflowsPath)) {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const payloadConverterPath = join(root, 'dist', 'io', 'payload', 'payloadConverter.js');
  const logger = new DefaultLogger('WARN');
  const { code } = await bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger });
  writeFileSync(join(root, 'dist', 'workflow-bundle.js'), code);
}
writeFileSync(build.stamp, stamp);
