/** Clicks in the plainest way: all of them are kept, and looked at when nothing more comes. Shares nothing with the operator. */
import type { HitsJob } from '../../src/pipelines/job.js';
import { clickOf, clickRulesOf } from './clickModel.js';
import {
  reference,
  type Advances,
  type Expected,
  type ModelRecord,
  type Spans,
  type Taken,
} from './reference.js';

export function referenceClicks(job: HitsJob, log: readonly ModelRecord[], advances: Advances): Expected {
  return reference(clickSpans(job), { job, log, advances });
}

function clickSpans(job: HitsJob): Spans {
  const { sizeMs, gapMs, dedupeWithinMs } = clickRulesOf(job);
  const clicks: Taken[] = [];
  const rows = new Map<string, number>();
  let duplicates = 0;

  function isCopy(click: Taken, i: number): boolean {
    const { key } = clickOf(click);
    const before = clicks.slice(0, i).findLast((each) => key !== null && clickOf(each).key === key);
    return before !== undefined && dedupeWithinMs > 0 && click.time - before.time <= dedupeWithinMs;
  }
  const groupOf = (click: Taken): string => {
    const { url, country } = clickOf(click);
    return JSON.stringify([click.time - (((click.time % sizeMs) + sizeMs) % sizeMs), url, country]);
  };

  return {
    rows,
    duplicates: () => duplicates,
    take(record, watermark) {
      const late = record.time <= watermark;
      if (!late) clicks.push(record);
      return { late };
    },
    close(watermark) {
      if (watermark < Infinity) return;
      clicks.sort((a, b) => a.time - b.time || a.offset - b.offset);
      const counted = clicks.filter((click, i) => !isCopy(click, i));
      duplicates = clicks.length - counted.length;
      const spent = (click: Taken): number[] => {
        const { user } = clickOf(click);
        const next = counted.slice(counted.indexOf(click) + 1).find((each) => clickOf(each).user === user);
        return user !== null && next !== undefined && next.time - click.time <= gapMs
          ? [next.time - click.time]
          : [];
      };
      for (const group of new Set(counted.map(groupOf))) {
        const members = counted.filter((click) => groupOf(click) === group);
        const samples = members.flatMap(spent);
        const users = [...new Set(members.flatMap((click) => clickOf(click).user ?? []))].sort();
        const [start, url, country] = JSON.parse(group) as [number, string | null, string | null];
        const sum = samples.reduce((total, ms) => total + ms, 0);
        rows.set(
          JSON.stringify([start, start + sizeMs + gapMs, url, country, samples.length, sum, users]),
          members.length,
        );
      }
    },
  };
}
