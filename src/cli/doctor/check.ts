/** What a check has found, and how several are run. */

type Status = 'ok' | 'warning' | 'problem';

export interface Finding {
  status: Status;
  /** What was looked at: `Postgres schema`. */
  check: string;
  /** What was found. */
  text: string;
  /** What to do; left out where there is nothing to do. */
  todo?: string;
}

export function ok(check: string, text: string): Finding {
  return { status: 'ok', check, text };
}

export function warning(check: string, text: string, todo: string): Finding {
  return { status: 'warning', check, text, todo };
}

export function problem(check: string, text: string, todo: string): Finding {
  return { status: 'problem', check, text, todo };
}

/** A check is given up after this long. */
export const PATIENCE_MS = 10_000;

/**
 * Resolves with what `look` finds; an error becomes a problem of `check`, and so does a server that says nothing within `patienceMs`.
 * `look` may then still be at work.
 */
export async function finding(
  check: string,
  {
    look,
    todo,
    patienceMs = PATIENCE_MS,
  }: { look: () => Promise<Finding[]>; todo: string; patienceMs?: number },
): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(
      () => resolve([problem(check, `no answer within ${patienceMs / 1000} s`, todo)]),
      patienceMs,
    );
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [problem(check, messageOf(error), todo)];
  } finally {
    clearTimeout(timer);
  }
}

/** Errors of several attempts have their sentences inside, gRPC's behind them. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  const { message, details } = error as { message?: string; details?: string };
  return (details || message || String(error)).replaceAll(/\s*\n\s*/g, ' ');
}

const WIDTH = 'problem'.length;

/** One line each. */
export function shownFindings(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ status, check, text, todo }) =>
        `${status.padEnd(WIDTH)}  ${check}: ${text}${todo === undefined ? '' : ` -> ${todo}`}`,
    )
    .join('\n');
}
