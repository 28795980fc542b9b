/** Every command that a text shows is run, and prints what the text says. Those that need servers: readme.it.test.ts. */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, ROOT, TEXTS } from './markdown.js';
import { isSession, patternOf, Shell, stepsOf } from './session.js';

const TSX = fileURLToPath(import.meta.resolve('tsx'));
const WEIR = [process.execPath, '--import', TSX, join(ROOT, 'src/cli/main.ts')];

describe.each(TEXTS)('%s', (path) => {
  const sessions = blocksOf(path).filter(isSession);

  it('says of every command how it is run', () => {
    for (const { comment, language, at } of sessions) {
      expect(language, `line ${at}`).toBe('console');
      if (comment !== null) expect(comment, `line ${at}`).toMatch(/^(run: stack|not run: .{20,})$/);
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
      expect(await shell.run(command), command).toMatch(patternOf(expected));
    }
  });
});

describe('a pattern', () => {
  it('takes a line as it is, and … for anything in its line', () => {
    expect('a (b) 1\n').toMatch(patternOf(['a (b) …']));
    expect('a (b)\nc\n').not.toMatch(patternOf(['a …']));
    expect('a b\n').not.toMatch(patternOf(['a']));
    expect('b\n').not.toMatch(patternOf(['a']));
  });

  it('takes … alone for any number of lines, none too', () => {
    expect('a\nb\nc\n').toMatch(patternOf(['a', '…', 'c']));
    expect('a\nc\n').toMatch(patternOf(['a', '  …', 'c']));
    expect('a\nb\n').not.toMatch(patternOf(['a', '…', 'c']));
  });
});
