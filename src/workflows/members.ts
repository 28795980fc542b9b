/** The members of one job, as its workflow speaks to them. Those that are gone are started again. */
import { running, stagesOf, type JobState, type StageState } from './jobState.js';
import { startMember, type Member } from './children.js';

export class Members {
  readonly #name: string;
  readonly #state: JobState;

  constructor(name: string, state: JobState) {
    this.#name = name;
    this.#state = state;
  }

  /** All that are still to be looked after. */
  get running(): Member[] {
    return stagesOf(this.#state).flatMap((stage) =>
      running(stage).map((partition) => this.of(stage, partition)),
    );
  }

  of({ stage }: StageState, partition: number): Member {
    return { name: this.#name, stage, partition };
  }

  /** Those that are gone are started again, with what a start brings along. */
  async tellRunning(stage: StageState, say: (member: Member) => Promise<boolean>): Promise<void> {
    await Promise.all(
      running(stage).map(async (partition) => {
        if (!(await say(this.of(stage, partition)))) await this.startAgain(stage, partition);
      }),
    );
  }

  /** One that is gone because it has drained in the meantime stays gone. */
  async startAgain(stage: StageState, partition: number, paused?: string | null): Promise<void> {
    if (stage.drained[partition] !== undefined) return;
    await startMember(this.of(stage, partition), this.#state, paused);
  }
}
