import { weightedChoice, zipfWeights, type Random } from './random.js';

const ADDRESSES = 1_750;
const MOVE_EVERY = 10_000;
/** First numbers of private, reserved and multicast networks, and of documentation ones. */
const NOT_PUBLIC = new Set([0, 10, 100, 127, 169, 172, 192, 198, 203]);

/** Who sends an event: a client address, and the browser that most of what comes from there uses. */
export interface Visitor {
  ip: string;
  /** The number of its usual user agent. */
  userAgent: number;
}

/**
 * Chooses the visitor of an event: one of 1,750 addresses, a few of them busy; every 10,000 events the last number of each goes up by
 * one, as if its visitors had left and others had come.
 *
 * @param usualAgent chooses an address's usual user agent
 */
export function visitors(random: Random, usualAgent: (random: Random) => number): (index: number) => Visitor {
  const networks = new Set<string>();
  while (networks.size < ADDRESSES) {
    const first = 1 + random.below(223);
    const network = `${first}.${random.below(256)}.${random.below(256)}.`;
    if (!NOT_PUBLIC.has(first)) networks.add(network);
  }
  const addresses = [...networks].map((network) => ({
    network,
    last: random.below(256),
    userAgent: usualAgent(random),
  }));
  const choose = weightedChoice(zipfWeights(ADDRESSES, 0.8));
  return (index) => {
    const { network, last, userAgent } = addresses[choose(random)]!;
    return { ip: network + ((last + Math.floor(index / MOVE_EVERY)) % 256), userAgent };
  };
}
