import { sitePaths } from './pages.js';
import { weightedChoice, zipfWeights, type Random } from './random.js';
import type { MadeEvent } from './madeEvent.js';

const USERS = 20_000;
/** Visits under way at the same time. */
const VISITS = 500;
const VISIT_ENDS = 0.2;
const NO_USER = 0.03;
const NO_KEY = 0.03;
const NO_COUNTRY = 0.02;
export const COUNTRIES =
  'US IN DE GB BR FR JP CA ES IT NL PL MX ID TR AU KR SE CH AR AT BE CZ PT ZA NG VN UA NO FI'.split(' ');
const BROWSERS = ['Chrome', 'Safari', 'Edge', 'Firefox', 'Opera'];
const SYSTEMS = [
  { os: 'Windows', device: 'Computer' },
  { os: 'Android', device: 'Phone' },
  { os: 'iOS', device: 'Phone' },
  { os: 'macOS', device: 'Computer' },
  { os: 'Linux', device: 'Computer' },
];

interface Visit {
  userId: string | null;
  country: string | null;
  agent: { browser: string; os: string; device: string };
}

/**
 * A maker of clicks: 500 visits at a time, each of five clicks on average, of 20,000 users who come back, the busy ones often; about 1,300
 * pages and the first `countryCount` countries, of skewed popularity. 3 % of clicks have no user, and as many events no key.
 */
export function clickMaker(
  random: Random,
  countryCount: number,
): (index: number, timeMs: number) => MadeEvent {
  const chooseUser = weightedChoice(zipfWeights(USERS, 0.6));
  const chooseCountry = weightedChoice(zipfWeights(countryCount, 1));
  const urls = sitePaths().map((path) => `https://www.example.com${path}`);
  const chooseUrl = weightedChoice(zipfWeights(urls.length, 0.9));
  const chooseBrowser = weightedChoice(zipfWeights(BROWSERS.length, 1));
  const chooseSystem = weightedChoice(zipfWeights(SYSTEMS.length, 0.7));
  const countries = Array.from({ length: USERS }, () => COUNTRIES[chooseCountry(random)]!);

  const visit = (): Visit => {
    const user = chooseUser(random);
    const agent = { browser: BROWSERS[chooseBrowser(random)]!, ...SYSTEMS[chooseSystem(random)]! };
    return {
      userId: random.share() < NO_USER ? null : `u${user + 1}`,
      country: random.share() < NO_COUNTRY ? null : countries[user]!,
      agent,
    };
  };
  const visits = Array.from({ length: VISITS }, visit);

  return (_index, timeMs) => {
    const at = random.below(VISITS);
    const { userId, country, agent } = visits[at]!;
    if (random.share() < VISIT_ENDS) visits[at] = visit();
    const key = `${hex(random)}${hex(random)}`;
    const event = {
      key: random.share() < NO_KEY ? null : key,
      click_data: {
        user_id: userId,
        timestamp: new Date(timeMs).toISOString(),
        url: urls[chooseUrl(random)]!,
      },
      geo_data: { country, city: null },
      user_agent_data: agent,
    };
    return {
      recordKey: userId ?? event.key,
      value: () => JSON.stringify(event),
      malformed: () => MALFORMED[random.below(MALFORMED.length)]!(event),
    };
  };
}

interface Event {
  click_data: object;
}

/** What goes wrong upstream; the pipeline rejects each (docs/semantics.md, reasons). */
const MALFORMED: readonly ((event: Event) => string)[] = [
  (event) => JSON.stringify(event).slice(0, -20), // bad_json
  (event) => JSON.stringify({ ...event, click_data: { ...event.click_data, timestamp: 'yesterday' } }), // bad_time
  (event) => JSON.stringify({ ...event, click_data: { ...event.click_data, url: 404 } }), // bad_field
  (event) => JSON.stringify({ ...event, key: ['1'] }), // bad_field
  () => '', // empty
];

function hex(random: Random): string {
  return random.uint32().toString(16).padStart(8, '0');
}
