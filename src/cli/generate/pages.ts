const TOPICS = (
  'kafka temporal postgres streams windows sessions metrics logging backups tracing ' +
  'queues caching search testing networks storage releases security billing mobile design ' +
  'careers'
).split(' ');
const ARTICLES = (
  'getting-started how-it-works in-production common-mistakes a-short-history at-scale ' +
  'explained best-practices case-study release-notes performance for-beginners ' +
  'questions-and-answers compared'
).split(' ');
const ASSETS = [
  '/css/site.css',
  '/js/app.js',
  '/images/logo.png',
  '/favicon.ico',
  '/robots.txt',
  '/feed.xml',
  '/fonts/inter.woff2',
];
const COUNTRIES = ['com', 'de', 'co.uk', 'fr', 'co.in', 'com.br', 'co.jp', 'it'];

/** Paths of a web site of about 1,300 pages, most popular first. */
export function sitePaths(): string[] {
  const articles = product(ARTICLES, TOPICS, (article, topic) => `/blog/${topic}/${article}`);
  const images = product(ARTICLES, TOPICS, (article, topic) => `/images/${topic}/${article}.jpg`);
  const searches = product(
    ARTICLES,
    TOPICS,
    (article, topic) => `/search?q=${topic}+${article.replaceAll('-', '+')}`,
  );
  const sections = TOPICS.map((topic) => `/${topic}/`);
  return interleave([
    ['/', ...ASSETS, ...sections],
    articles,
    images,
    searches,
    articles.map((path) => `${path}?from=mail`),
  ]);
}

/** 629 addresses that visitors come from, most popular first: the site itself, search engines, other sites. */
export function referrers(host: string): string[] {
  const own = ['/', ...product(ARTICLES, TOPICS, (article, topic) => `/blog/${topic}/${article}`)].map(
    (path) => `https://${host}${path}`,
  );
  const engines = [
    'https://www.bing.com/',
    'https://duckduckgo.com/',
    'https://yandex.ru/',
    'https://search.yahoo.com/',
  ];
  const google = product(
    TOPICS,
    COUNTRIES,
    (topic, country) => `https://www.google.${country}/search?q=${topic}+tutorial`,
  );
  const social = TOPICS.map((topic) => `https://www.reddit.com/r/${topic}/`).concat(
    'https://t.co/',
    'https://news.ycombinator.com/',
  );
  const blogs = product(
    TOPICS,
    ARTICLES,
    (topic, article) => `https://${topic}-weekly.example.net/posts/${article}`,
  );
  return interleave([own, ['https://www.google.com/', ...engines, ...google], social, blogs]).slice(0, 629);
}

function product(
  first: readonly string[],
  second: readonly string[],
  combine: (a: string, b: string) => string,
): string[] {
  return first.flatMap((a) => second.map((b) => combine(a, b)));
}

/** The first of each list, then the second of each, and so on. */
function interleave(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, rank) =>
    lists.flatMap((list) => list.slice(rank, rank + 1)),
  ).flat();
}
