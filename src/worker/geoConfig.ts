/** The settings of location. Without a database and without a key it is off. */
import { accessSync, constants, statSync } from 'node:fs';

export interface GeoConfig {
  /** Paths of MMDB files: none, one, or those of IPv4 and IPv6. */
  mmdb: string[];
  /** Of ip2location.io; null where it is not asked. */
  key: string | null;
  url: string;
  /** Requests a second, above 0. */
  ratePerSecond: number;
  /** Requests a UTC day. */
  budgetPerDay: number;
}

export const GEO_DEFAULTS = {
  IP2LOCATION_URL: 'https://api.ip2location.io/',
  IP2LOCATION_RATE: '5',
  IP2LOCATION_BUDGET: '1000',
} as const;

type Environment = Record<string, string | undefined>;
/** Runs `read`, noting its error as a problem of the variable. */
type Attempt = <T>(name: string, read: () => T) => T;

export function geoConfig(env: Environment, attempt: Attempt): GeoConfig {
  const text = (name: keyof typeof GEO_DEFAULTS): string => env[name] || GEO_DEFAULTS[name];
  return {
    mmdb: attempt('GEOIP_MMDB', () => paths(env['GEOIP_MMDB'] ?? '')),
    key: env['IP2LOCATION_KEY'] || env['IP_CODING_KEY'] || null,
    url: attempt('IP2LOCATION_URL', () => httpUrl(text('IP2LOCATION_URL'))),
    ratePerSecond: attempt('IP2LOCATION_RATE', () => rate(text('IP2LOCATION_RATE'))),
    budgetPerDay: attempt('IP2LOCATION_BUDGET', () => budget(text('IP2LOCATION_BUDGET'))),
  };
}

function paths(list: string): string[] {
  const all = list
    .split(/[,:]/)
    .map((path) => path.trim())
    .filter((path) => path !== '');
  if (all.length > 2) throw new Error('expected one file, or two: for IPv4 and for IPv6');
  for (const path of all) {
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`, {
        cause: error,
      });
    }
    if (!statSync(path).isFile()) throw new Error(`${path} is not a file`);
  }
  return all;
}

function httpUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new Error(`"${text}" is not an http(s) address`);
  return text;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity))
    throw new Error(`"${text}" is not a number of requests a second above 0`);
  return value;
}

function budget(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`"${text}" is not a whole number of requests a day, 0 or more`);
  return value;
}
