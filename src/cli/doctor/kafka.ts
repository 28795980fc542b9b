import { formatDuration } from '../../domain/duration.js';
import type { Stage } from '../../domain/member.js';
import type { KafkaConfig } from '../../io/kafka/config.js';
import { createKafkaReader } from '../../io/kafka/kafkaReader.js';
import { createTopicAdmin } from '../../io/kafka/topics.js';
import { brokerCount, topicSettings } from '../../io/kafka/clusterFacts.js';
import { ok, problem, warning, type Finding } from './check.js';
import type { KnownJob } from './postgres.js';

/** So much before an instant a replay from there begins to read. */
const LOOK_BACK_MS = 3_600_000;
const CLOCK_AHEAD_MS = 60_000;

interface Topic {
  topic: string;
  partitions: { partition: number; startOffset: number; endOffset: number }[];
}

/** The brokers that answer. */
export async function checkBrokers(kafka: KafkaConfig): Promise<Finding> {
  const brokers = await brokerCount(kafka);
  return ok(
    'Kafka',
    `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}, found by ${kafka.brokers.join(',')}`,
  );
}

/** One topic, and what the jobs that read it still need of it; `stage` is 2 for the internal topic of a regrouping. */
export async function checkTopic(
  kafka: KafkaConfig,
  { topic, jobs, stage = 1 }: { topic: string; jobs: readonly KnownJob[]; stage?: Stage },
): Promise<Finding[]> {
  const check = `topic ${topic}`;
  const topics = createTopicAdmin(kafka);
  try {
    const found = await topics.describe(topic);
    if (found === null)
      return [
        problem(
          check,
          `Kafka at ${kafka.brokers.join(',')} has no such topic`,
          'make it, or correct the name',
        ),
      ];
    const { partitions } = found;
    const count = `${partitions.length} ${partitions.length === 1 ? 'partition' : 'partitions'}`;
    const read = await readings(kafka, { topic, partitions });
    const settings = await topicSettings(kafka, topic);
    return [
      ok(check, `${count}, each with a leader and readable`),
      ...read,
      retention(check, settings),
      ...compaction(check, settings),
      ...jobs.flatMap((job) => needed(job, { topic, partitions, stage })),
    ];
  } finally {
    await topics.close();
  }
}

/** Reads the last record of each partition, so that the right to read is known; an error is the check's. */
async function readings(kafka: KafkaConfig, { topic, partitions }: Topic): Promise<Finding[]> {
  let newest = -Infinity;
  for (const { partition, startOffset, endOffset } of partitions) {
    const reader = createKafkaReader({ ...kafka, topic, partition });
    try {
      const offset = Math.max(startOffset, endOffset - 1);
      const { records } = await reader.fetch({ offset, maxWaitMs: 0, maxBytes: 1 });
      while (records.next()) newest = Math.max(newest, records.timestampMs);
    } finally {
      await reader.close();
    }
  }
  const aheadMs = newest - Date.now();
  if (aheadMs <= CLOCK_AHEAD_MS) return [];
  const text = `its newest record is stamped ${formatDuration(Math.floor(aheadMs / 1000) * 1000)} ahead of this machine's clock`;
  return [
    warning(`topic ${topic}`, text, 'compare the clocks of this machine, the brokers and the producers'),
  ];
}

function retention(check: string, settings: ReadonlyMap<string, string>): Finding {
  const ms = Number(settings.get('retention.ms') ?? 'NaN');
  if (Number.isNaN(ms))
    return warning(check, 'its retention.ms is not known', 'allow this user to describe its settings');
  if (ms < 0) return ok(check, 'keeps records for ever');
  const text = `keeps records for ${formatDuration(ms)} (retention.ms)`;
  if (ms >= LOOK_BACK_MS) return ok(check, text);
  return problem(
    check,
    text,
    'keep them for more than an hour: a replay, and a partition after a crash, reads again',
  );
}

function compaction(check: string, settings: ReadonlyMap<string, string>): Finding[] {
  const policy = settings.get('cleanup.policy') ?? '';
  if (!policy.includes('compact')) return [];
  return [
    warning(check, `is compacted (cleanup.policy=${policy})`, 'events that share a key get lost: use delete'),
  ];
}

/** Whether the log still holds what a job goes on from. */
function needed(
  { name, progress }: KnownJob,
  { topic, partitions, stage }: Topic & { stage: Stage },
): Finding[] {
  const check = `job ${name}`;
  const findings: Finding[] = [];
  for (const { partition, offset, rebuildFrom } of progress.filter((each) => each.stage === stage)) {
    const log = partitions.find((each) => each.partition === partition);
    const where = `${topic}/${partition}`;
    if (log === undefined) {
      findings.push(
        problem(check, `${where} is gone`, 'was the topic made anew? Start a job of another name'),
      );
    } else if (offset > log.endOffset) {
      const text = `${where} ends at ${log.endOffset}, and was read up to ${offset}`;
      findings.push(problem(check, text, 'was the topic made anew? Start a job of another name'));
    } else if (offset < log.startOffset) {
      const text = `${where} begins at ${log.startOffset}, and is read from ${offset} on: retention was faster`;
      findings.push(problem(check, text, 'keep records longer; start the job with "onDataLoss":"skip"'));
    } else if (rebuildFrom < log.startOffset) {
      const text = `${where} begins at ${log.startOffset}, and what is open could only be read again from ${rebuildFrom} on`;
      findings.push(warning(check, text, 'keep records longer: a run without its state could not go on'));
    }
  }
  return findings.length > 0 ? findings : [ok(check, `all that it still needs is in ${topic}`)];
}
