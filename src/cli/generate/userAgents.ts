import { zipfWeights } from './random.js';

const DESKTOPS = {
  windows: 'Windows NT 10.0; Win64; x64',
  mac: 'Macintosh; Intel Mac OS X 10_15_7',
  linux: 'X11; Linux x86_64',
  chromeOs: 'X11; CrOS x86_64 14541.0.0',
};
const PHONES = (
  'SM-S918B, SM-S921B, SM-A546B, SM-A155F, SM-G991B, SM-A127F, Pixel 6a, Pixel 7, ' +
  'Pixel 8 Pro, Pixel 9, M2101K6G, 23021RAA2Y, 2201117TY, CPH2609, CPH2385, moto g54 5G, ' +
  'motorola edge 40, RMX3690, V2250, HD1913'
).split(', ');
const BOTS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
  'Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)',
  'Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)',
  'Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Twitterbot/1.0',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  'DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)',
  'UniversalFeedParser/5.3.0 +http://feedparser.org/',
  'Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)',
  'python-requests/2.32.3',
  'Go-http-client/2.0',
  'curl/8.5.0',
  'Wget/1.21.4',
  'okhttp/4.12.0',
];

interface Family {
  /** Share of the traffic, in parts of any sum. */
  share: number;
  /** Most popular first. */
  agents: string[];
}

/**
 * About 560 user agents as browsers, phones and robots send them, with the weight of each: what is newest is most common. `bots` are the
 * indexes of robots'.
 */
export function userAgents(): { agents: string[]; weights: number[]; bots: number[] } {
  const families: Family[] = [
    { share: 34, agents: cross(range(139, 110), Object.values(DESKTOPS), chrome) },
    {
      share: 8,
      agents: cross(
        range(139, 126),
        [DESKTOPS.windows, DESKTOPS.mac],
        (v, os) => `${chrome(v, os)} Edg/${v}.0.0.0`,
      ),
    },
    { share: 9, agents: cross([...range(142, 128), 115], Object.values(DESKTOPS).slice(0, 3), firefox) },
    { share: 9, agents: cross([18, 17, 16], range(6, 1), safari) },
    {
      share: 16,
      agents: cross([18, 17, 16, 15], range(6, 1), (major, minor) => iPhone('iPhone', major, minor)),
    },
    { share: 3, agents: cross([18, 17, 16], range(6, 1), (major, minor) => iPhone('iPad', major, minor)) },
    { share: 15, agents: cross(range(139, 127), PHONES, androidChrome) },
    { share: 3, agents: cross([28, 27, 26, 25], PHONES.slice(0, 6), samsungBrowser) },
    { share: 5, agents: BOTS },
  ];
  const agents = families.flatMap((family) => family.agents);
  return {
    agents,
    bots: BOTS.map((bot) => agents.indexOf(bot)),
    weights: families.flatMap(({ share, agents }) => {
      const weights = zipfWeights(agents.length, 0.7);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => (share * weight) / sum);
    }),
  };
}

function chrome(version: number, os: string): string {
  return `Mozilla/5.0 (${os}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;
}

function firefox(version: number, os: string): string {
  return `Mozilla/5.0 (${os.replace('10_15_7', '10.15')}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`;
}

function safari(major: number, minor: number): string {
  return `Mozilla/5.0 (${DESKTOPS.mac}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${major}.${minor} Safari/605.1.15`;
}

function iPhone(device: 'iPhone' | 'iPad', major: number, minor: number): string {
  const os = device === 'iPad' ? 'iPad; CPU OS' : 'iPhone; CPU iPhone OS';
  return (
    `Mozilla/5.0 (${os} ${major}_${minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ` +
    `Version/${major}.${minor} Mobile/15E148 Safari/604.1`
  );
}

function androidChrome(version: number, phone: string): string {
  return `Mozilla/5.0 (Linux; Android 14; ${phone}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36`;
}

function samsungBrowser(version: number, phone: string): string {
  return (
    `Mozilla/5.0 (Linux; Android 14; SAMSUNG ${phone}) AppleWebKit/537.36 (KHTML, like Gecko) ` +
    `SamsungBrowser/${version}.0 Chrome/${version + 103}.0.0.0 Mobile Safari/537.36`
  );
}

function cross<A, B>(first: readonly A[], second: readonly B[], combine: (a: A, b: B) => string): string[] {
  return first.flatMap((a) => second.map((b) => combine(a, b)));
}

/** From the higher number down to the lower, both included. */
function range(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}
