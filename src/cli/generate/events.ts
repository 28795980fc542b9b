import { referrers, sitePaths } from './pages.js';
import { weightedChoice, zipfWeights, type Random } from './random.js';
import { userAgents } from './userAgents.js';
import { visitors } from './visitors.js';
import { visits } from './visits.js';

const NO_REFERRER = 0.4;
const NO_USER_AGENT = 0.02;
const USUAL_AGENT = 0.65;
const LOGGED_OUT = 0.7;
const USERS = 5_000;

/** The fields of an event, each as JSON text. */
export interface EventParts {
  url: string;
  referrer: string;
  userAgent: string;
  host: string;
  ip: string;
  eventTime: string;
  userId: string;
}

export function eventJson(parts: EventParts): string {
  return (
    `{"url":${parts.url},"referrer":${parts.referrer},"user_agent":${parts.userAgent},"host":${parts.host},"ip":${parts.ip}` +
    `,"headers":{},"event_time":${parts.eventTime},"user_id":${parts.userId}}`
  );
}

/** A maker of the fields of events: takes the number of the event and its time in epoch milliseconds. */
export function eventMaker(
  random: Random,
  { hosts, shape }: { hosts: number; shape: 'spread' | 'visits' },
): (index: number, timeMs: number) => EventParts {
  const hostNames = Array.from({ length: hosts }, (_, n) =>
    n === 0 ? 'www.example.com' : `site${n + 1}.example.com`,
  );
  const { agents, weights, bots } = userAgents();
  const host = skewed(hostNames, 1);
  const url = skewed(sitePaths(), 0.9);
  const referrer = skewed(referrers('www.example.com'), 0.7);
  const agentTexts = agents.map((agent) => JSON.stringify(agent));
  const chooseAgent = weightedChoice(weights);
  const common = (timeMs: number) => ({
    url: url(random),
    referrer: random.share() < NO_REFERRER ? 'null' : referrer(random),
    host: host(random),
    eventTime: `"${new Date(timeMs).toISOString()}"`,
  });
  if (shape === 'visits') {
    const choosePerson = weightedChoice(weights.map((weight, agent) => (bots.includes(agent) ? 0 : weight)));
    const visit = visits(random, { person: choosePerson, bot: (each) => bots[each.below(bots.length)]! });
    return (_index, timeMs) => {
      const { ip, userAgent, userId } = visit();
      const user = userId === null ? 'null' : `"${userId}"`;
      return { ...common(timeMs), userAgent: agentTexts[userAgent]!, ip: `"${ip}"`, userId: user };
    };
  }
  const visitor = visitors(random, chooseAgent);

  return (index, timeMs) => {
    const { ip, userAgent: usual } = visitor(index);
    const agentLot = random.share();
    const agent = agentLot < USUAL_AGENT ? usual : chooseAgent(random);
    return {
      url: url(random),
      referrer: random.share() < NO_REFERRER ? 'null' : referrer(random),
      userAgent: agentLot >= 1 - NO_USER_AGENT ? 'null' : agentTexts[agent]!,
      host: host(random),
      ip: `"${ip}"`,
      eventTime: `"${new Date(timeMs).toISOString()}"`,
      userId: random.share() < LOGGED_OUT ? 'null' : `"${1 + random.below(USERS)}"`,
    };
  };
}

/** Chooses one of `values` as JSON text, the earlier the more often. */
function skewed(values: readonly unknown[], exponent: number): (random: Random) => string {
  const texts = values.map((value) => JSON.stringify(value));
  const choose = weightedChoice(zipfWeights(texts.length, exponent));
  return (random) => texts[choose(random)]!;
}
