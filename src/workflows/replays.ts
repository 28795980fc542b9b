/** Replays that are asked of a job (docs/semantics.md, replay): one after the other, each from what the one before has made. */
import { ApplicationFailure, uuid4 } from '@temporalio/workflow';
import type { ReplayAnswer } from '../pipelines/replayInput.js';
import { beginReplay } from './activities.js';
import { tell } from './children.js';
import { enterEpoch, stagesOf, type JobState } from './jobState.js';
import type { Members } from './members.js';
import * as messages from './messages.js';

export class Replays {
  readonly #name: string;
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Whether one is about to begin. */
  get pending(): boolean {
    return this.#underWay > 0;
  }

  /** Begins a replay once those before it have begun, or tells what it would do. */
  async ask(request: unknown, state: JobState, members: Members): Promise<ReplayAnswer> {
    this.#underWay++;
    try {
      const mine = this.#last.then(() => this.#begin(request, state, members));
      this.#last = mine.catch(() => {});
      return await mine;
    } finally {
      this.#underWay--;
    }
  }

  async #begin(request: unknown, state: JobState, members: Members): Promise<ReplayAnswer> {
    if (state.drainWanted) {
      throw ApplicationFailure.nonRetryable(
        'The replay is refused: the job is being drained. Start it again when it has completed, and ask again',
        'ReplayRefused',
      );
    }
    const asked = { epoch: state.epoch, id: uuid4(), input: request };
    const { answer, next } = await beginReplay(this.#name, asked);
    if (next === null) return answer;
    enterEpoch(state, next);
    await Promise.all(
      stagesOf(state).map((stage) =>
        members.tellRunning(stage, (member) => tell(member, messages.beginEpoch, next)),
      ),
    );
    return answer;
  }
}
