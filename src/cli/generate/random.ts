/** A stream of numbers that its seed decides; the same on every machine. */
export interface Random {
  /** A whole number, 0 to 2^32 - 1. */
  uint32(): number;
  /** 0 <= x < 1. */
  share(): number;
  /** A whole number, 0 to `below` - 1. */
  below(below: number): number;
}

/** The generator sfc32 (a "small fast counting" generator by C. Doty-Humphrey; period at least 2^32), seeded with one number. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  function uint32(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 20; i++) uint32(); // until the seed has reached every bit
  return {
    uint32,
    share: () => uint32() / 0x1_0000_0000,
    below: (below) => Math.floor((uint32() / 0x1_0000_0000) * below),
  };
}

const SLOTS = 65_536;

/**
 * Chooses index i with probability weights[i] / sum, in one step: a table of 65,536 slots, so shares are exact to about 1.5e-5 (and
 * every index with a smaller share than that still has one slot or none).
 */
export function weightedChoice(weights: readonly number[]): (random: Random) => number {
  const slots = new Uint16Array(SLOTS);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let passed = 0;
  let from = 0;
  weights.forEach((weight, index) => {
    passed += weight;
    const to = Math.round((passed / sum) * SLOTS);
    slots.fill(index, from, to);
    from = to;
  });
  return (random) => slots[random.uint32() >>> 16]!;
}

/** Weights of a skewed popularity: the k-th (from 1) has 1 / k^exponent. */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
}
