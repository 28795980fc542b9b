/** The sessions pipeline for models: its operator, fed by records that are plain objects, and its rows as the references have them. */
import type { SessionsJson } from '../../src/pipelines/sessions/sessionsJson.js';
import { NO_PROGRESS } from '../../src/domain/commit.js';
import { BatchFold } from '../../src/domain/fold.js';
import type { Operator } from '../../src/domain/operator.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import type { Agent, UserAgent } from '../../src/pipelines/sessions/agent.js';
import { withAgents } from '../../src/pipelines/sessions/columns.js';
import type { Visit } from '../../src/pipelines/sessions/event.js';
import { partsOfKey, sessionKey } from '../../src/pipelines/sessions/key.js';
import { sessionsOperator, type SessionRow } from '../../src/pipelines/sessions/operator.js';
import { asJson, type Counted } from './progressTable.js';
import type { ModelRecord } from './reference.js';

/** Raw user agents of models are the names of browsers. */
function readNamed(userAgent: UserAgent): Agent {
  if (typeof userAgent === 'object' && userAgent !== null) return { ...userAgent, isBot: false };
  return { browser: userAgent, os: null, device: null, isBot: false };
}

/** The operator, with what a poll does with user agents behind the gathering. */
export function modelSessions(gapMs: number): Operator<Visit, SessionsJson, SessionRow> {
  const operator = sessionsOperator(gapMs);
  return {
    ...operator,
    gather() {
      const gathering = operator.gather();
      return {
        take: (record) => gathering.take(record),
        get sizeBytes() {
          return gathering.sizeBytes;
        },
        partial() {
          const { segments, suspects, met } = gathering.partial();
          return {
            segments: withAgents(segments, readNamed),
            suspects: withAgents(suspects, readNamed),
            met,
          };
        },
      };
    },
  };
}

export function visitOf({ user = null, ip = null, agent = null, host }: ModelRecord): Visit {
  return { key: sessionKey(user, ip), attributes: { userAgent: agent, host } };
}

/** As referenceSessions (reference.ts) has it. */
export function countedSession(gapMs: number): (row: SessionRow) => Counted {
  return ({ key, first, last, count, offset, attributes: { agent, host } }) => {
    const { userId, ip } = partsOfKey(key);
    return [JSON.stringify([first, last + gapMs, userId, ip, agent.browser, host, offset]), count];
  };
}

/** All sessions of a log whose batches end after so many records, the last one at the end of the log; each as JSON, in a fixed order. */
export function sessionsInBatches(
  log: readonly ModelRecord[],
  batches: readonly number[],
  { gapMs, delayMs }: { gapMs: number; delayMs: number },
): string[] {
  const operator = modelSessions(gapMs);
  const state = PartitionState.rebuilding(operator, NO_PROGRESS);
  const sizes = [...batches, log.length];
  while (state.offset < log.length) {
    const { offset: from, watermark } = state;
    const fold = new BatchFold({ operator, delayMs, futureGuardMs: Infinity, watermark });
    const next = Math.min(log.length, from + sizes.shift()!);
    for (const [i, record] of log.slice(from, next).entries()) {
      const decoded = { reason: null, time: record.time, item: visitOf(record) };
      fold.add({ offset: from + i, timestampMs: null }, decoded);
    }
    const { counters, gathering } = fold;
    const partial = asJson(gathering.partial());
    const batch = { from, next, advance: null, caughtUp: null, rejects: [], counters, partial };
    state.merge({ ...batch, watermark: fold.watermark });
  }
  state.finish(Number.MAX_SAFE_INTEGER);
  return state
    .commit()
    .rows.map((row) => JSON.stringify(countedSession(gapMs)(row)))
    .sort();
}
