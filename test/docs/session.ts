/** Blocks of commands with their output, as they stand in the texts: `$ command`, then what it prints, `…` for anything. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Block } from './markdown.js';

export interface Step {
  command: string;
  expected: string[];
}

/** Whether the block shows commands. */
export function isSession({ lines }: Block): boolean {
  return lines[0]?.startsWith('$ ') === true;
}

export function stepsOf({ lines }: Block): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (!line.startsWith('$ ')) {
      steps.at(-1)!.expected.push(line);
      continue;
    }
    const word = /<<'(\w+)'$/.exec(line)?.[1];
    const end = word === undefined ? at : lines.indexOf(word, at);
    steps.push({ command: [line.slice(2), ...lines.slice(at + 1, end + 1)].join('\n'), expected: [] });
    at = end;
  }
  return steps;
}

/**
 * Whether the output is as expected: `…` alone on a line stands for any lines, else for anything inside its line. Not by a regular
 * expression, which would take for ever to fail on a long line with several of them.
 */
export function fits(output: string, expected: readonly string[]): boolean {
  const lines = output === '' ? [] : output.replace(/\n$/, '').split('\n');
  let reached = new Set([0]); // how many lines may be used up so far
  for (const pattern of expected) {
    const next = new Set<number>();
    for (const at of reached) {
      if (pattern.trim() !== '…') {
        if (at < lines.length && lineFits(lines[at]!, pattern.split('…'))) next.add(at + 1);
      } else for (let to = at; to <= lines.length; to++) next.add(to);
    }
    reached = next;
  }
  return reached.has(lines.length);
}

function lineFits(line: string, pieces: readonly string[]): boolean {
  const [first, ...rest] = pieces as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return line === first;
  if (!line.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = line.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return line.length - last.length >= at && line.endsWith(last);
}

/** A folder in which commands of a text run one after the other, `npx weir` being the `weir` command given here. */
export class Shell {
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-docs-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor(weir: readonly string[], env: NodeJS.ProcessEnv) {
    const programs = mkdtempSync(join(tmpdir(), 'weir-docs-bin-'));
    const script = (name: string, line: string): void => {
      writeFileSync(join(programs, name), `#!/bin/sh\nexec ${line}\n`);
      chmodSync(join(programs, name), 0o755);
    };
    script('weir', `${weir.map((word) => `'${word}'`).join(' ')} "$@"`);
    script('npx', '"$@"');
    this.#env = { ...env, PATH: `${programs}${delimiter}${env['PATH'] ?? ''}` };
  }

  /** Everything that the command prints, whatever its exit code. */
  async run(command: string): Promise<string> {
    const child = spawn('bash', ['-c', command], {
      cwd: this.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    const output = said.out + said.err;
    return output === '' || output.endsWith('\n') ? output : `${output}\n`;
  }
}
