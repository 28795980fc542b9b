import { weightedChoice, zipfWeights, type Random } from './random.js';
import type { Visitor } from './visitors.js';

/** How many visits go on at the same time. */
const AT_A_TIME = 150;
/** Share of events that are the last of their visit. */
const LAST = 1 / 8;
const BOTS = 0.08;
/** Share of events of a visit, after the first, at which its visitor logs in. */
const LOGS_IN = 0.06;
const USERS = 2_000;
const ADDRESSES = 600;

/** A visit that goes on: a visitor with an address, who may log in at some time. */
interface Visit extends Visitor {
  userId: string | null;
  isBot: boolean;
}

/**
 * Chooses the visitor of an event so that sessions have a shape: each visit is several events of one address and one browser, some log in
 * in the middle, some are robots; addresses come back, some with several visitors at a time, and a part of them is private or IPv6.
 *
 * @param agents chooses a person's user agent, and a robot's
 */
export function visits(
  random: Random,
  agents: { person: (random: Random) => number; bot: (random: Random) => number },
): () => Visit {
  const addresses = Array.from({ length: ADDRESSES }, () => address(random));
  const choose = weightedChoice(zipfWeights(ADDRESSES, 0.6));
  const begin = (): Visit => {
    const isBot = random.share() < BOTS;
    const userAgent = isBot ? agents.bot(random) : agents.person(random);
    return { ip: addresses[choose(random)]!, userAgent, userId: null, isBot };
  };
  const running = Array.from({ length: AT_A_TIME }, begin);
  return () => {
    const at = random.below(AT_A_TIME);
    const visit = running[at]!;
    if (random.share() < LAST) running[at] = begin();
    else if (!visit.isBot && visit.userId === null && random.share() < LOGS_IN) {
      running[at] = { ...visit, userId: String(1 + random.below(USERS)) };
    }
    return visit;
  };
}

/** Mostly public IPv4; some of an office's own network, some IPv6, some IPv4 in IPv6's clothes. */
function address(random: Random): string {
  const lot = random.share();
  const byte = (): number => random.below(256);
  const group = (): string => random.below(65_536).toString(16);
  if (lot < 0.06) return `10.${byte()}.${byte()}.${byte()}`;
  if (lot < 0.1) return `192.168.${random.below(4)}.${byte()}`;
  if (lot < 0.22) return `2a0${random.below(10)}:${group()}:${group()}::${group()}`;
  if (lot < 0.24) return `::ffff:${publicFirst(random)}.${byte()}.${byte()}.${byte()}`;
  return `${publicFirst(random)}.${byte()}.${byte()}.${byte()}`;
}

function publicFirst(random: Random): number {
  return 20 + random.below(60);
}
