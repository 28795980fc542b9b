/** `weir.payload` as the storage driver's statements see it, in memory. */
import type { Queryable } from '../../src/io/postgres/pool.js';

export interface PayloadRow {
  workflowId: string | null;
  runId: string | null;
  data: Buffer;
}

export class PayloadTable {
  readonly rows = new Map<string, PayloadRow>();
  /** How often something was stored, whether it was there or not. */
  stores = 0;
  /** Set: every statement fails with it. */
  failure: Error | null = null;

  readonly db = { query: (statement: Statement) => this.#query(statement) } as unknown as Queryable;

  async #query({ name, values }: Statement): Promise<{ rows: unknown[] }> {
    if (this.failure) throw this.failure;
    if (name === 'weir-store-payload') {
      const [id, workflowId, runId, data] = values as [Buffer, string | null, string | null, Uint8Array];
      this.stores++;
      const key = id.toString('hex');
      if (!this.rows.has(key)) this.rows.set(key, { workflowId, runId, data: Buffer.from(data) });
      return { rows: [] };
    }
    if (name !== 'weir-fetch-payloads') throw new Error(`no such statement: ${name}`);
    const ids = (values[0] as Buffer[]).map((id) => id.toString('hex'));
    return {
      rows: ids.flatMap((id) => {
        const row = this.rows.get(id);
        return row === undefined ? [] : [{ id, data: row.data }];
      }),
    };
  }
}

interface Statement {
  name: string;
  values: unknown[];
}
