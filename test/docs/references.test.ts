/** What the texts refer to is there, and what the code refers to in the texts is, too. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, codeIn, headingsOf, proseOf, ROOT, tableOf, TEXTS } from './markdown.js';

function filesBelow(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
}

const SOURCES = filesBelow('src', 'test', 'bench', 'sql', 'bin').filter((name) =>
  /\.(ts|mjs|sql)$/.test(name),
);
/** A source without line ends and comment marks, so that sentences are whole. */
const flat = (name: string): string =>
  readFileSync(join(ROOT, name), 'utf8').replaceAll(/\n\s*(?:\*(?!\/)|\/\/|--)?\s*/g, ' ');

describe.each(TEXTS)('%s', (path) => {
  it('has links that lead somewhere', () => {
    for (const [, link] of proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file, anchor] = link!.split('#') as [string, string?];
      expect(link).not.toMatch(/^\//);
      if (/^https?:/.test(link!)) continue;
      const target = file === '' ? path : normalize(join(dirname(path), file));
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor !== undefined) expect(headingsOf(target).map(anchorOf), link).toContain(anchor);
    }
  });

  it('names files and folders that exist', () => {
    for (const code of codeIn(proseOf(path))) {
      if (/^(src|test|sql|bin|bench|docs|\.ci)\/[\w./-]+$/.test(code))
        expect(existsSync(join(ROOT, code)), code).toBe(true);
    }
  });

  it('names scripts of package.json that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [, name] of proseOf(path).matchAll(/`npm run ([\w:]+)/g))
      expect(Object.keys(scripts)).toContain(name);
  });
});

it('what comments name in a text is one of its headings', () => {
  const wanted = SOURCES.flatMap((name) => [
    ...[
      ...flat(name).matchAll(/(docs\/\w+\.md), ((?:[a-z']+ ?){1,4}?)(?: and ([a-z' ]+?))?(?=[).:;])/g),
    ].flatMap(([, file, ...sections]) =>
      sections.filter((section) => section !== undefined).map((section) => [name, file!, section]),
    ),
    ...[...flat(name).matchAll(/"([A-Z][^"]+)" of (docs\/\w+\.md)/g)].map(([, section, file]) => [
      name,
      file!,
      section!,
    ]),
  ]);
  expect(wanted.length).toBeGreaterThan(20);
  const words = (text: string): string => text.toLowerCase().replace(/^the /, '').trim();
  for (const [name, file, section] of wanted) {
    expect(headingsOf(file!).map(words), `${name} names "${section}" of ${file}`).toContain(words(section!));
  }
});

it('the walk of one record names what is in its files', () => {
  const steps = tableOf('docs/architecture.md', 'step', 'file', 'look for');
  expect(steps.length).toBeGreaterThan(10);
  for (const [, link, names] of steps) {
    const file = /\(\.\.\/(.*)\)/.exec(link!)![1]!;
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const name of codeIn(names!))
      expect(source, `${name} in ${file}`).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

describe('messages', () => {
  // As they are printed: pieces of texts that the code puts together are joined.
  const printed = SOURCES.filter((name) => /^(src|bin)\//.test(name))
    .map((name) =>
      flat(name)
        .replaceAll(/['"`] ?\+ ?['"`]/g, '')
        .replaceAll(String.raw`\n`, ' '),
    )
    .join('\n');
  /** The first cells, where they hold nothing but messages. */
  const inTables = (text: string): string[] =>
    [...text.matchAll(/^\| (`[^|]*`) *\|/gm)].flatMap(([, cell]) => codeIn(cell!));
  const messages = [
    ...inTables(proseOf('README.md').split('## When something is wrong')[1]!),
    ...inTables(proseOf('docs/operations.md').split('## Messages')[1]!),
  ];

  it.each(messages)('%s', (message) => {
    for (const piece of message.split('…').map((each) => each.trim())) {
      expect(printed.includes(piece), piece).toBe(true);
    }
  });

  it('are found in the texts', () => expect(messages.length).toBeGreaterThan(25));
});
