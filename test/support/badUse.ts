/** Ways to ask something wrong of a job or of the command, and what is answered. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { codeIn, rowsOf } from '../docs/markdown.js';
import { fits } from '../docs/session.js';
import { eventually, type Weir } from './weir.js';

const WEIR = join(import.meta.dirname, '../../bin/weir.mjs');
type Use = () => Promise<unknown>;

/** Each makes a use of it; `weir` is there when that is made. */
export function usesOf(weir: () => Weir) {
  /** What an update is answered with: the message where it is refused. */
  const asked =
    (id: string, verb: string, ...args: unknown[]) =>
    async (): Promise<unknown> => {
      try {
        return await weir()
          .client.workflow.getHandle(id)
          .executeUpdate(verb, { args: args as [] });
      } catch (error) {
        return messageOf(error);
      }
    };

  /** Why a job is not started. */
  const started = (id: string, of: unknown) => async (): Promise<unknown> => {
    const handle = await weir().client.workflow.start('pipeline', {
      workflowId: id,
      taskQueue: weir().taskQueue,
      args: [of],
    });
    return handle.result().catch(messageOf);
  };

  /** What the command prints, and its exit code. */
  const command = (...args: string[]) => commandIn({}, ...args);
  const commandIn =
    (env: NodeJS.ProcessEnv, ...args: string[]) =>
    async (): Promise<unknown> => {
      const child = spawn(process.execPath, [WEIR, ...args], {
        env: { ...weir().env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
      return `${code}: ${(out + err).trim()}`;
    };

  /** With something in the database that is not so, and is put right again. */
  const whileSet = (sql: string, back: string, use: Use) => async (): Promise<unknown> => {
    await weir().pool.query(sql);
    try {
      return await use();
    } finally {
      await weir().pool.query(back);
    }
  };

  /** A signal is not answered: what was wrong with it stands in the job's progress. */
  const signalled =
    (id: string, verb: string, ...args: unknown[]) =>
    async (): Promise<unknown> => {
      const handle = weir().client.workflow.getHandle(id);
      await handle.signal(verb, ...args);
      const trouble = await eventually(
        'the trouble to be shown',
        async () => (await handle.query<{ trouble: string | null }>('progress')).trouble,
      );
      await handle.signal('resume'); // what is asked for rightly ends it
      return trouble;
    };

  return { asked, started, command, commandIn, whileSet, signalled };
}

/** Sentences of a message for which no table of docs/operations.md has a row. */
export function withoutCure(said: string): string[] {
  const cures = rowsOf('docs/operations.md').flatMap(([first]) => codeIn(first!));
  const bare = said.replace(/^\d: (weir \w+: ?)?/, '');
  const sentences = bare.startsWith('\n  - ') ? bare.slice(5).split('\n  - ') : [bare];
  return sentences.filter((sentence) => {
    // The table of replays leaves that out.
    const line = sentence.replaceAll(/\s*\n\s*/g, ' ');
    const forms = [line, line.replace('The replay is refused: ', '')];
    return !cures.some((cure) => forms.some((form) => fits(form, [cure])));
  });
}

/** Without looking at foreign keys. */
export function unchecked(sql: string): string {
  return `set session_replication_role = replica; ${sql}; set session_replication_role = origin`;
}

function messageOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message: string } };
  return cause?.message ?? message;
}
