/** Families of user agents: ua-parser-js (1.0.41, the last under MIT) and isbot, behind a cache, since they take 40 microseconds. */
import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';
import { UAParser } from 'ua-parser-js';

/** Raw, or parsed by somebody else; null: none. */
type UserAgent = string | Families | null;

interface Families {
  browser: string | null;
  os: string | null;
  device: string | null;
}

export interface AgentFamilies extends Families {
  isBot: boolean;
}

const UNKNOWN: AgentFamilies = { browser: null, os: null, device: null, isBot: false };
const CACHED = 10_000;
/** Nothing is read behind this: the patterns take longer on longer texts, and ua-parser-js itself stops at 500. */
const LONGEST = 500;
/** Operating systems of computers: their user agents name no device. */
const COMPUTER =
  /^(?:Windows(?! (?:Phone|Mobile|CE))|Mac OS|macOS|Linux|Ubuntu|Debian|Fedora|Chrom(?:e|ium) OS|(?:Free|Open|Net)BSD)/i;
/** Some user agents write them in another way, and ua-parser-js says what they write. */
const SPELLED = new Map(
  ['Linux', 'FreeBSD', 'OpenBSD', 'NetBSD', 'Ubuntu', 'Debian', 'Fedora', 'Windows'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);
/** What Chrome on Android says instead of a model. */
const REDUCED = 'K';
/** What the device of a bot is called where user agents come parsed (ua-parser's own word). */
const SPIDER = 'Spider';
/** isbot takes whatever looks like no browser's user agent for a bot, so a family alone too: it is asked about one in a browser's. */
const BROWSER =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';

/** A reader with a cache of its own. Families are a function of the user agent alone; what is unknown is null. */
export function createAgentReader(): (userAgent: UserAgent) => AgentFamilies {
  const cache = new LRUCache<string, AgentFamilies>({ max: CACHED });
  return (userAgent) => {
    if (userAgent === null || userAgent === '') return UNKNOWN;
    if (typeof userAgent === 'object') return parsed(userAgent);
    // Not kept: ten thousand such texts would fill the memory, and a part of a text keeps all of it alive.
    if (userAgent.length > LONGEST) return read(userAgent.slice(0, LONGEST));
    let agent = cache.get(userAgent);
    if (agent === undefined) cache.set(userAgent, (agent = read(userAgent)));
    return agent;
  };
}

function read(text: string): AgentFamilies {
  const { browser, os, device } = new UAParser(text).getResult();
  const isBot = isbot(text);
  return {
    browser: browser.name ?? null,
    os: os.name === undefined ? null : (SPELLED.get(os.name) ?? os.name),
    device: isBot ? SPIDER : (deviceFamily(device) ?? computer(os.name)),
    isBot,
  };
}

/** `Samsung SM-G991B`, `iPhone`; where nothing but the kind is known, that: `mobile`. */
function deviceFamily({ vendor, model, type }: UAParser.IDevice): string | undefined {
  if (model === undefined || model === REDUCED) return vendor ?? type;
  return vendor === undefined || vendor === 'Apple' ? model : `${vendor} ${model}`;
}

function computer(os: string | undefined): string | null {
  return os !== undefined && COMPUTER.test(os) ? 'Computer' : null;
}

/** `Other` is how ua-parser says that it does not know. */
function parsed({ browser, os, device }: Families): AgentFamilies {
  const isBot = device === SPIDER || (browser !== null && isbot(`${BROWSER} ${browser.slice(0, LONGEST)}`));
  return { browser: known(browser), os: known(os), device: known(device), isBot };
}

function known(family: string | null): string | null {
  return family === 'Other' || family === '' ? null : family;
}
