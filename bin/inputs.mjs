import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What decides the installed packages, and where it is written down which were installed. */
export const packages = { inputs: ['package-lock.json'], stamp: join(root, 'node_modules', '.weir-stamp') };

/** What decides `dist`. */
export const build = {
  inputs: ['bin/build.mjs', 'package-lock.json', 'src', 'tsconfig.build.json', 'tsconfig.json', 'wasm'],
  stamp: join(root, 'dist', '.stamp'),
};

/** A hash over names and contents: a checkout changes times, not what is to be built. */
export function hashOf(inputs) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(join(root, path)).isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`);
    } else {
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
    }
  };
  inputs.forEach(add);
  return hash.digest('hex');
}

/** True when the stamp was written for these very inputs. */
export function isUpToDate({ inputs, stamp }) {
  try {
    return readFileSync(stamp, 'utf8') === hashOf(inputs);
  } catch {
    return false;
  }
}
