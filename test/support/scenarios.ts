/** Random scenarios: a seed that is printed and can be given, and the smallest scenario that still fails. */
import { seededRandom, type Random } from '../../src/cli/generate/random.js';

export interface Scenarios<S, Step> {
  count: number;
  make: (random: Random) => { setting: S; steps: Step[] };
  /** Why the scenario fails; null when it does not. */
  play: (setting: S, steps: Step[]) => string | null;
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** `WEIR_SEED`, or a new one. It is printed, so that a failure can be repeated. */
export function testSeed(): number {
  const given = process.env['WEIR_SEED'];
  const seed = given === undefined ? Date.now() % 2 ** 32 : Number(given);
  console.info(`seed ${seed} (WEIR_SEED=${seed} repeats this run)`);
  return seed;
}

/** Plays scenarios until one fails; throws with the smallest one that it can be cut down to. */
export function hunt<S, Step>({ count, make, play }: Scenarios<S, Step>): void {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    const { setting, steps } = make(random);
    if (play(setting, steps) === null) continue;
    const smallest = shrunk(steps, (fewer) => play(setting, fewer) !== null);
    const lines = smallest.map((step) => `  ${JSON.stringify(step)}`).join('\n');
    throw new Error(
      `${play(setting, smallest)}\nscenario ${i} of seed ${seed}, ${JSON.stringify(setting)}:\n${lines}`,
    );
  }
}

/** Leaves out steps, one after the other, as long as the scenario still fails. */
function shrunk<Step>(steps: Step[], fails: (steps: Step[]) => boolean): Step[] {
  let smallest = steps;
  for (let changed = true; changed;) {
    changed = false;
    for (let i = smallest.length - 1; i >= 0; i--) {
      const fewer = smallest.toSpliced(i, 1);
      if (fails(fewer)) {
        smallest = fewer;
        changed = true;
      }
    }
  }
  return smallest;
}
