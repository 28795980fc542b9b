/**
 * Works the queue of addresses: one after the other, each asked for once, however many sessions, partitions and workers want to know it.
 * Nothing here waits inside a transaction, and nothing of the pipeline waits for this.
 */
import type pg from 'pg';
import { afterBudget, afterFailure, afterRefusal, ASKING, type Asking } from '../domain/asking.js';
import { utcDay, type Instant } from '../domain/instant.js';
import type { AskPlace } from '../io/geo/ip2location.js';
import type { Mmdb } from '../io/geo/mmdb.js';
import { NOWHERE, type Place } from '../io/geo/place.js';
import { countRequest } from '../io/postgres/geoBudget.js';
import { readGeoCache } from '../io/postgres/geoCache.js';
import { queuePage } from '../io/postgres/geoQueuePage.js';
import { geoStanding } from '../io/postgres/geoStanding.js';
import { storePlace } from '../io/postgres/geoStore.js';
import { giveBackAddress, takeNextAddress, type QueuedAddress } from '../io/postgres/geoTakeNext.js';

/** At rest a call stays inside for so long: no history grows. */
const STAY_MS = 600_000;
/** How soon an address that was queued is seen. */
const LOOK_EVERY_MS = 2000;

/** What goes from call to call, and what people see: plain JSON. */
export interface LocateReport {
  asking: Asking;
  lastError: { at: Instant; message: string } | null;
  /** Addresses in the queue. */
  queued: number;
  /** Requests of this UTC day, of {@link budget}; null where no service is configured. */
  asked: number;
  budget: number | null;
}

export interface LocateDependencies {
  pool: pg.Pool;
  /** Null where none is configured. */
  mmdb: Mmdb | null;
  /** Null where no key is configured: what is not known here is given up. */
  ask: AskPlace | null;
  ratePerSecond: number;
  budgetPerDay: number;
}

export interface LocateWorld {
  now: () => Instant;
  /** Rejects when the work is cancelled. */
  sleep: (ms: number) => Promise<void>;
  /** Whether to return after the address at hand. */
  stopped: () => boolean;
}

/** Returns when it has something to say (the service went away or came back, the budget is spent, the key refused), or after 10 minutes. */
export async function locateQueue(
  before: LocateReport | null,
  dependencies: LocateDependencies,
  world: LocateWorld,
): Promise<LocateReport> {
  const work = new QueueWork(before, dependencies, world);
  return work.run();
}

class QueueWork {
  readonly #dependencies: LocateDependencies;
  readonly #world: LocateWorld;
  #asking: Asking;
  #lastError: LocateReport['lastError'];
  #nextRequestAt: Instant = 0;

  constructor(before: LocateReport | null, dependencies: LocateDependencies, world: LocateWorld) {
    this.#dependencies = dependencies;
    this.#world = world;
    this.#asking = before?.asking ?? ASKING;
    this.#lastError = before?.lastError ?? null;
  }

  async run(): Promise<LocateReport> {
    const { now, sleep, stopped } = this.#world;
    const { pool, ask } = this.#dependencies;
    const end = now() + STAY_MS;
    await this.#reconsiderBudget();
    await this.#answerWhatIsKnown();
    while (!stopped() && now() < end) {
      const wait = ask === null ? 0 : Math.max(this.#asking.until, this.#nextRequestAt) - now();
      if (wait > 0) {
        await sleep(Math.min(wait, end - now()));
        continue;
      }
      const address = await takeNextAddress(pool);
      if (address === null) await sleep(LOOK_EVERY_MS);
      else if (await this.#work(address)) break;
    }
    return this.#report();
  }

  /** True when there is something to say. */
  async #work(address: QueuedAddress): Promise<boolean> {
    const { pool, ask } = this.#dependencies;
    const place = (await this.#known([address.ip])).get(address.ip);
    if (place !== undefined || ask === null) {
      await storePlace(pool, address, { place: place ?? NOWHERE, rememberAt: null });
      return false;
    }
    const before = this.#asking;
    await this.#ask(ask, address);
    return this.#asking.phase !== before.phase || this.#asking.until !== before.until;
  }

  async #ask(ask: AskPlace, address: QueuedAddress): Promise<void> {
    const { pool, ratePerSecond, budgetPerDay } = this.#dependencies;
    const { now } = this.#world;
    if (!(await countRequest(pool, utcDay(now()), budgetPerDay))) {
      await giveBackAddress(pool, address.ip, null);
      this.#asking = afterBudget(this.#asking, now());
      return;
    }
    this.#nextRequestAt = now() + 1000 / ratePerSecond;
    const answer = await ask(address.ip);
    if (answer.kind === 'place') {
      this.#asking = ASKING;
      await storePlace(pool, address, { place: answer.place, rememberAt: now() });
      return;
    }
    this.#asking = answer.kind === 'refused' ? afterRefusal(now()) : afterFailure(this.#asking, now());
    this.#lastError = { at: now(), message: answer.message };
    await giveBackAddress(pool, address.ip, answer.message);
  }

  /** From the cache and the databases, by address. Nowhere only as the cache has it: what the databases leave out may still be asked. */
  async #known(addresses: string[]): Promise<Map<string, Place>> {
    const { pool, mmdb } = this.#dependencies;
    const cached = await readGeoCache(pool, addresses, this.#world.now());
    const known = new Map<string, Place>();
    for (const address of addresses) {
      const place = cached.get(address)?.place ?? mmdb?.lookUp(address);
      if (place) known.set(address, place);
    }
    return known;
  }

  /** The whole queue once: what the cache or a new database knows needs no request, and waits for none. */
  async #answerWhatIsKnown(): Promise<void> {
    const { pool } = this.#dependencies;
    for (let after = ''; !this.#world.stopped();) {
      const page = await queuePage(pool, after);
      if (page.length === 0) return;
      const known = await this.#known(page.map(({ ip }) => ip));
      for (const address of page) {
        const place = known.get(address.ip);
        if (place) await storePlace(pool, address, { place, rememberAt: null });
      }
      after = page.at(-1)!.ip;
    }
  }

  /** A worker that was started again may have a larger budget. */
  async #reconsiderBudget(): Promise<void> {
    if (this.#asking.phase !== 'spent') return;
    const { requests } = await this.#standing();
    if (requests < this.#dependencies.budgetPerDay) this.#asking = { ...this.#asking, until: 0 };
  }

  #standing() {
    return geoStanding(this.#dependencies.pool, utcDay(this.#world.now()));
  }

  async #report(): Promise<LocateReport> {
    const { queued, requests } = await this.#standing();
    const { ask, budgetPerDay } = this.#dependencies;
    return {
      asking: this.#asking,
      lastError: this.#lastError,
      queued,
      asked: requests,
      budget: ask === null ? null : budgetPerDay,
    };
  }
}
