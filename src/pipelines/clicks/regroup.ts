/** Clicks on their way to the target of their user: what a source publishes, and what a target makes of it. */
import { bucketOf, finalAt, type ClickRules } from '../../domain/clicks.js';
import { latest, type Instant } from '../../domain/instant.js';
import type { Accepted, Gathering } from '../../domain/operator.js';
import { Sources, type MessageHead, type SourceStanding } from '../../domain/sources.js';
import { PART_BYTES, targetOf, type Combiner, type OfSources, type Scattered } from '../regroup.js';
import { ClickColumnsBuilder, eachClick, type ClickColumns } from './columns.js';
import { ClicksState, clickBytes, GatheredClicks, type ClickItem, type ClicksJson } from './operator.js';

export type RegroupedClicks = ClicksJson & OfSources;

export interface ScatterClicks {
  rules: ClickRules;
  targets: number;
  /** The partition that is read. */
  source: number;
  partBytes?: number;
}

/** By user, else by event key, so that copies meet; a click with neither depends on no other one. */
export class ScatteredClicks implements Gathering<ClickItem, Scattered<ClickColumns>> {
  sizeBytes = 0;
  readonly #options: ScatterClicks;
  readonly #targets: { parts: ClickColumns[]; open: GatheredClicks }[];
  #latest: Instant | null = null;

  constructor(options: ScatterClicks) {
    this.#options = options;
    this.#targets = Array.from({ length: options.targets }, () => ({
      parts: [],
      open: new GatheredClicks(),
    }));
  }

  take(click: Accepted<ClickItem>): void {
    const { targets, source, partBytes = PART_BYTES } = this.#options;
    const { user, key } = click.item;
    const target = this.#targets[targetOf(user ?? key ?? String(source), targets)]!;
    const before = target.open.sizeBytes;
    target.open.take(click);
    this.sizeBytes += target.open.sizeBytes - before;
    if (target.open.sizeBytes >= partBytes) end(target);
    this.#latest = latest(this.#latest, click.time);
  }

  /** The same records give the same parts: a message that is published again is the same message. */
  partial(): Scattered<ClickColumns> {
    const { rules } = this.#options;
    for (const target of this.#targets) if (target.open.sizeBytes > 0) end(target);
    return {
      targets: this.#targets.map(({ parts }) => parts),
      lastEnd: this.#latest === null ? null : finalAt(bucketOf(this.#latest, rules), rules),
    };
  }
}

function end(target: { parts: ClickColumns[]; open: GatheredClicks }): void {
  target.parts.push(target.open.partial().clicks);
  target.open = new GatheredClicks();
}

/** Clicks need not be combined: they are taken one by one, in their order, once the target's watermark has passed them. */
export class CombinedClicks implements Combiner<ClickColumns, RegroupedClicks> {
  sizeBytes = 0;
  readonly #clicks = new ClickColumnsBuilder({ regrouped: true });
  readonly #sources: Sources;

  constructor(sources: readonly SourceStanding[]) {
    this.#sources = new Sources(sources);
  }

  take(head: MessageHead, offset: number, content: ClickColumns): void {
    if (!this.#sources.take(head)) return;
    const { source } = head;
    eachClick(content, (click) => {
      const texts = this.#clicks.texts;
      this.#clicks.add({ ...click, offset, source, at: click.offset });
      this.sizeBytes += clickBytes(click, this.#clicks.texts > texts);
    });
  }

  hear(head: MessageHead): void {
    this.#sources.take(head);
  }

  get watermark(): Instant | null {
    return this.#sources.watermark;
  }

  partial(): RegroupedClicks {
    return { clicks: this.#clicks.columns(), taken: null, sources: this.#sources.standings() };
  }
}

/** The clicks of one target. */
export class RegroupedClicksState extends ClicksState {
  #sources: SourceStanding[] = [];

  readonly sources = {
    standings: (): SourceStanding[] => this.#sources,
    adopt: (standings: readonly SourceStanding[]): void => {
      this.#sources = [...standings];
    },
  };

  override merge(partial: ClicksJson): void {
    super.merge(partial);
    this.#sources = (partial as RegroupedClicks).sources;
  }

  override snapshot(): RegroupedClicks {
    return { ...super.snapshot(), sources: this.#sources };
  }
}
