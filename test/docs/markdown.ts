/** The texts of the project as tests read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const IN_DOCS = readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`);
/** Paths of all texts, relative to the project. */
export const TEXTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...IN_DOCS].filter((path) =>
  path.endsWith('.md'),
);

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text without its fenced blocks. */
export function proseOf(path: string): string {
  return textOf(path).replaceAll(/^```[^]*?^```$/gm, '');
}

/** A fenced block and the HTML comment above it, if there is one: how it is run. */
export interface Block {
  text: string;
  language: string;
  comment: string | null;
  lines: string[];
  /** Line number of the fence. */
  at: number;
}

export function blocksOf(path: string): Block[] {
  const blocks: Block[] = [];
  const lines = textOf(path).split('\n');
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w*)$/.exec(lines[at]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${path}:${at + 1}: the block has no end`);
    const above = lines.slice(0, at).findLast((line) => line.trim() !== '');
    const comment = /^<!-- (.*) -->$/.exec(above ?? '')?.[1] ?? null;
    blocks.push({ text: path, language, comment, lines: lines.slice(at + 1, end), at: at + 1 });
    at = end;
  }
  return blocks;
}

/** The words of each heading. */
export function headingsOf(path: string): string[] {
  return [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, words]) => words!);
}

/** The anchor that a heading has on the usual sites. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Cells of the rows of the first table that has all these words in its head, without the head. */
export function tableOf(path: string, ...head: string[]): string[][] {
  const lines = textOf(path).split('\n');
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const at = lines.findIndex(
    (line) => line.startsWith('|') && head.every((word) => cells(line).includes(word)),
  );
  if (at < 0) throw new Error(`${path} has no table with ${head.join(', ')}`);
  const end = lines.findIndex((line, number) => number > at && !line.startsWith('|'));
  return lines.slice(at + 2, end < 0 ? undefined : end).map(cells);
}

/** Cells of the rows of all tables. */
export function rowsOf(path: string): string[][] {
  return proseOf(path)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backticks. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}
