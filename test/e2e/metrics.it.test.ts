/** A running worker's metrics and what it shows of itself elsewhere: of jobs that have something of everything. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { METRICS } from '../../src/worker/metricDefinitions.js';
import { openTestKafka, type TestKafka } from '../support/kafkaCluster.js';
import { parsePromql } from '../support/promql.js';
import { freePort, scrape, valueOf, type Scrape } from '../support/scrape.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const HITS = { pipeline: 'hits', size: '1m', delay: '0s', idle: 'off' };
const START = Date.UTC(2026, 0, 1);
const ROOT = join(import.meta.dirname, '../..');
/** Prometheus makes it, or gives it to what it scrapes. */
const OF_PROMETHEUS = { metrics: ['up'], labels: ['job', 'instance'] };

interface Panel {
  title: string;
  targets?: { expr: string; legendFormat: string }[];
}
const dashboard = JSON.parse(readFileSync(join(ROOT, 'ops/grafana/weir.json'), 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; type: string; query: string }[] };
};
const alerts = (
  parseYaml(readFileSync(join(ROOT, 'ops/prometheus/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
  }
).groups.flatMap(({ rules }) => rules);
const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({
    of: title,
    expr: expr.replaceAll('$__rate_interval', '5m'),
    shown: [...legendFormat.matchAll(/{{(\w+)}}/g)].map(([, label]) => label!),
  })),
);
const rules = alerts.map(({ alert, expr, annotations }) => ({
  of: alert,
  expr,
  shown: [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!),
}));

describe('a worker', () => {
  let weir: Weir;
  let kafka: TestKafka;
  let port: number;
  let topic: string;
  let seen: Scrape;
  const hits = uniqueName('hits');
  const sessions = uniqueName('sessions');
  let sessionsTopic: string;

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    kafka = await openTestKafka(sharedStack().kafkaUrl);
    port = await freePort();
    await weir.startWorker(1, { METRICS_ADDRESS: `:${port}` });
    topic = await weir.topic(1, [
      ...Array.from({ length: 10 }, (_, i) => hit({ time: START + i * 60_000, host: `${i % 2}.example` })),
      hit({ time: START }),
      { key: null, value: 'no json' },
      { key: null, value: JSON.stringify({ event_time: START, host: 17 }) },
    ]);
    sessionsTopic = await weir.topic(
      2,
      Array.from({ length: 6 }, (_, i) => ({
        key: null,
        partition: i % 3 === 0 ? 0 : 1,
        value: JSON.stringify({ event_time: START + i * 1000, ip: `203.0.113.${i}`, user_agent: 'x' }),
      })),
    );
    await weir.start(hits, { ...HITS, topic });
    await weir.start(sessions, { pipeline: 'sessions', topic: sessionsTopic, idle: 'off' });
    seen = await eventually('both jobs to be shown', async () => {
      const found = await scrape(port);
      const committed = (job: string) =>
        valueOf(found, 'weir_committed_offset', { job_name: job, stage: '1' });
      const targets = valueOf(found, 'weir_state_open', { job_name: sessions, stage: '2' });
      return committed(hits) === 13 && committed(sessions) === 6 && targets === 6 && found;
    });
  });
  afterAll(async () => {
    await kafka.close();
    await weir.close();
  });

  const of = (name: string, labels: Record<string, string> = { job_name: hits }) =>
    valueOf(seen, name, labels);

  it('counts records read, late and rejected, and duplicates; rejected ones by the kind of reason', () => {
    expect(of('weir_records_read_total')).toBe(13);
    expect(of('weir_records_late_total')).toBe(1);
    expect(of('weir_records_rejected_total', { job_name: hits, reason: 'bad_json' })).toBe(1);
    expect(of('weir_records_rejected_total', { job_name: hits, reason: 'bad_field' })).toBe(1);
    expect(of('weir_records_duplicate_total')).toBe(0);
    expect(of('weir_records_reread_total')).toBe(0);
    expect(of('weir_offsets_skipped_total')).toBe(0);
    expect(of('weir_batch_records_sum')).toBe(13);
  });

  it('shows how far each partition is', () => {
    expect(of('weir_end_offset')).toBe(13);
    expect(of('weir_read_offset')).toBe(13);
    expect(of('weir_committed_offset')).toBe(13);
    expect(of('weir_lag_records')).toBe(0);
    expect(of('weir_lag_seconds')).toBe(0);
    expect(of('weir_watermark_timestamp_seconds')).toBe((START + 9 * 60_000) / 1000);
  });

  it('counts commits and rows, measures them, and knows what is open', () => {
    expect(of('weir_rows_written_total')).toBe(9);
    expect(of('weir_state_open')).toBe(1);
    expect(of('weir_commits_total')).toBeGreaterThanOrEqual(1);
    expect(of('weir_commit_duration_seconds_count')).toBe(of('weir_commits_total'));
    expect(of('weir_latency_seconds_count')).toBe(1);
    expect(of('weir_commits_fenced_total')).toBe(0);
    expect(of('weir_commits_failed_total')).toBe(0);
  });

  it('tells the stages of a regrouping apart', () => {
    expect(of('weir_records_read_total', { job_name: sessions, stage: '1', partition: '1' })).toBe(4);
    expect(of('weir_records_read_total', { job_name: sessions, stage: '2' })).toBeGreaterThan(0);
    expect(of('weir_lag_records', { job_name: sessions, stage: '2' })).toBe(0);
  });

  it('serves each metric that is defined, with its type and its labels', () => {
    for (const [name, { type, labels }] of Object.entries(METRICS)) {
      expect([name, seen.types.get(name)]).toEqual([name, type]);
      const inScrape = type === 'histogram' ? `${name}_sum` : name;
      const sample = seen.samples.find((each) => each.name === inScrape)!;
      expect([name, ...Object.keys(sample.labels).sort()]).toEqual([name, ...[...labels].sort()]);
    }
  });

  it('serves no metric of its own that is not defined', () => {
    const own = [...seen.types.keys()].filter((name) => !name.startsWith('temporal_'));
    expect(own.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
  });

  it.each([...targets, ...rules])('serves what "$of" asks for: $expr', ({ expr, shown }) => {
    const { selectors, grouping } = parsePromql(expr);
    const known = new Set(OF_PROMETHEUS.labels);
    for (const { metric, labels } of selectors) {
      if (OF_PROMETHEUS.metrics.includes(metric)) continue;
      const samples = seen.samples.filter(({ name }) => name === metric);
      expect([metric, samples.length > 0]).toEqual([metric, true]);
      const has = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      for (const label of labels) expect([metric, ...has, ...OF_PROMETHEUS.labels]).toContain(label);
      for (const label of has) known.add(label);
    }
    for (const label of [...grouping, ...shown]) expect([...known]).toContain(label);
    // What the expression adds up over is not shown any more.
    if (grouping.length > 0) for (const label of shown) expect(grouping).toContain(label);
  });

  it('serves what the variables of the dashboard ask for', () => {
    const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
    expect(queries.length).toBeGreaterThan(0);
    for (const { query } of queries) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query)!;
      expect(
        seen.samples.some((sample) => sample.name === metric && Object.hasOwn(sample.labels, label!)),
      ).toBe(true);
    }
  });

  it('shows in a consumer group what is committed: of hits, and of the sources of a regrouping', async () => {
    await eventually(
      'the offsets of hits',
      async () => (await kafka.groupOffsets(`weir.${hits}`, topic))[0] === 13,
    );
    await eventually('the offsets of sessions', async () => {
      const offsets = await kafka.groupOffsets(`weir.${sessions}`, sessionsTopic);
      return offsets.join() === '2,4';
    });
  });

  it('shows the size of the state that went from one run of the workflow to the next', async () => {
    expect(of('weir_state_bytes')).toBe(0);
    // Running partitions take other settings over in a new run.
    await weir.client.workflow.getHandle(hits).terminate();
    await weir.start(hits, { ...HITS, topic, linger: '100ms' });
    await eventually('the size to be shown', async () => {
      await weir.produce(topic, [hit({ time: START + 9 * 60_000, host: '1.example' })]);
      return (valueOf(await scrape(port), 'weir_state_bytes', { job_name: hits }) ?? 0) > 0;
    });
  });
});

describe('several worker processes', () => {
  it('serve metrics on a port each: the first one, and those behind it', async () => {
    const weir = await Weir.on(sharedStack());
    const port = await freePort();
    await weir.startWorker(2, { METRICS_ADDRESS: `127.0.0.1:${port}`, LOG_FORMAT: 'json' });
    for (const each of [port, port + 1]) {
      const found = await scrape(each);
      expect(valueOf(found, 'weir_worker_info', { task_queue: weir.taskQueue })).toBe(1);
    }
    const lines = (await weir.workerLog()).trim().split('\n');
    const ready = lines.map((line) => JSON.parse(line) as { level: string; message: string; time: string });
    expect(ready).toContainEqual(
      expect.objectContaining({ level: 'info', message: `worker ready: task queue ${weir.taskQueue}` }),
    );
    await weir.close();
  });
});
