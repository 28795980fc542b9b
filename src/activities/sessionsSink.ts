import type pg from 'pg';
import type { Locator } from '../io/geo/locator.js';
import type { RowsStatement } from '../io/postgres/rowsStatement.js';
import { SessionMonths } from '../io/postgres/sessionMonths.js';
import { userSessionsStatement, type UserSessionColumns } from '../io/postgres/userSessions.js';
import { fromColumns } from '../pipelines/sessions/columns.js';
import { partsOfKey } from '../pipelines/sessions/key.js';
import type { PackedSessions } from '../pipelines/sessions/operator.js';

/** No partition for a row: it was dropped since this process saw it. */
const CHECK_VIOLATION = '23514';

export class SessionsSink {
  readonly #pool: pg.Pool;
  readonly #locator: Locator;
  readonly #months = new SessionMonths();

  constructor({ pool, locator }: { pool: pg.Pool; locator: Locator }) {
    this.#pool = pool;
    this.#locator = locator;
  }

  /** Runs `write` with the statement of these rows; what they need of the database is there by then. */
  async write(packed: PackedSessions, write: (statement: RowsStatement) => Promise<void>): Promise<void> {
    const columns = rowsOf(packed);
    const { places, unknown } = await this.#locator.locate(columns.ip);
    columns.place = columns.ip.map((ip) => (ip === null ? undefined : places.get(ip)));
    const statement = userSessionsStatement(columns, unknown);
    await this.#months.ensure(this.#pool, columns.start);
    try {
      await write(statement);
    } catch (error) {
      if ((error as { code?: string }).code !== CHECK_VIOLATION) throw error;
      this.#months.forget();
      await this.#months.ensure(this.#pool, columns.start);
      await write(statement);
    }
  }
}

function rowsOf({ gapMs, sessions }: PackedSessions): UserSessionColumns {
  const rows: UserSessionColumns = {
    userId: [],
    ip: [],
    start: [],
    end: [],
    windowEnd: [],
    count: [],
    place: [],
    os: [],
    browser: [],
    device: [],
    host: [],
    isBot: [],
  };
  // By start: then they are written to one end of the primary key.
  const inOrder = [...fromColumns(sessions)].sort((a, b) => a.first - b.first);
  for (const { key, first, last, count, attributes } of inOrder) {
    const { userId, ip } = partsOfKey(key);
    const { agent, host } = attributes;
    rows.userId.push(userId);
    rows.ip.push(ip);
    rows.start.push(first);
    rows.end.push(last);
    rows.windowEnd.push(last + gapMs);
    rows.count.push(count);
    rows.os.push(agent.os);
    rows.browser.push(agent.browser);
    rows.device.push(agent.device);
    rows.host.push(host);
    rows.isBot.push(agent.isBot);
  }
  return rows;
}
