/** Every command that a text shows is run, and prints what the text says. Those that need servers: readme.it.test.ts, clicks.it.test.ts. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, ROOT, TEXTS } from './markdown.js';
import { fits, isSession, Shell, stepsOf } from './session.js';

const TSX = fileURLToPath(import.meta.resolve('tsx'));
const WEIR = [process.execPath, '--import', TSX, join(ROOT, 'src/cli/main.ts')];

describe.each(TEXTS)('%s', (path) => {
  const sessions = blocksOf(path).filter(isSession);

  it('says of every command how it is run', () => {
    for (const { comment, language, at } of sessions) {
      expect(language, `line ${at}`).toBe('console');
      if (comment !== null) expect(comment, `line ${at}`).toMatch(/^(run: (stack|psql)|not run: .{20,})$/);
    }
    const others = blocksOf(path).filter((block) => !isSession(block));
    for (const { lines, at } of others)
      expect(
        lines.some((line) => line.startsWith('$ ')),
        `line ${at}`,
      ).toBe(false);
  });

  const here = sessions.filter(({ comment }) => comment === null).flatMap(stepsOf);
  if (here.length === 0) return;
  it('prints what it shows, without any server', async () => {
    const shell = new Shell(WEIR, process.env);
    for (const { command, expected } of here) {
      const output = await shell.run(command);
      if (!fits(output, expected)) expect(output, command).toBe(`${expected.join('\n')}\n`);
    }
  });
});

describe('an expected output', () => {
  it('is taken as it is, with … for anything in its line', () => {
    expect(fits('a (b) 1\n', ['a (b) …'])).toBe(true);
    expect(fits('a (b) \n', ['a (b) …'])).toBe(true);
    expect(fits('aXbYbc\n', ['a…b…bc'])).toBe(true);
    expect(fits('abc\n', ['a…b…bc'])).toBe(false);
    expect(fits('a (b)\nc\n', ['a …'])).toBe(false);
    expect(fits('a b\n', ['a'])).toBe(false);
    expect(fits('b\n', ['a'])).toBe(false);
    expect(fits('', [])).toBe(true);
    expect(fits('', ['a'])).toBe(false);
    expect(fits('a\n', [])).toBe(false);
  });

  it('has … alone for any number of lines, none too', () => {
    expect(fits('a\nb\nc\n', ['a', '…', 'c'])).toBe(true);
    expect(fits('a\nc\n', ['a', '  …', 'c'])).toBe(true);
    expect(fits('a\nc\nb\nc\n', ['a', '…', 'c'])).toBe(true);
    expect(fits('a\nb\n', ['a', '…', 'c'])).toBe(false);
    expect(fits('', ['…'])).toBe(true);
  });
});
