/** The workflows of a job: one for each partition of its topic, and one for each target where records are regrouped by key. */

/** 1: partitions of the topic; 2: targets of a regrouping, by their number. */
export type Stage = 1 | 2;

/** The workflow id of a member of job `name`. */
export function memberId(name: string, stage: Stage, number: number): string {
  return stage === 1 ? `${name}/${number}` : `${name}/target-${number}`;
}

/** Whose workflow has the id; null where it is no member's. */
export function memberOf(workflowId: string): { job: string; stage: Stage; partition: number } | null {
  const { job, target, number } =
    /^(?<job>[^/]+)\/(?<target>target-)?(?<number>\d+)$/.exec(workflowId)?.groups ?? {};
  if (job === undefined) return null;
  return { job, stage: target === undefined ? 1 : 2, partition: Number(number) };
}
