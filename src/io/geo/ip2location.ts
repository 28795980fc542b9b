/** The client of ip2location.io, or of a service that answers as it does. */
import { NOWHERE, type Place } from './place.js';

const TIMEOUT_MS = 5000;

/** What one request said. Messages are for people, and never hold the key. */
type Ip2LocationAnswer =
  /** Nowhere, too, where the service knows nothing of the address or takes it for none. */
  | { kind: 'place'; place: Place }
  /** The key is wrong, or its credit is used up. */
  | { kind: 'refused'; message: string }
  /** No answer, or one that asks for patience: another time. */
  | { kind: 'later'; message: string };

/** Asks for one address, in its canonical form; never rejects. */
export type AskPlace = (address: string) => Promise<Ip2LocationAnswer>;

interface Ip2LocationOptions {
  /** `https://api.ip2location.io/` */
  url: string;
  key: string;
  timeoutMs?: number;
}

export function createIp2Location({ url, key, timeoutMs = TIMEOUT_MS }: Ip2LocationOptions): AskPlace {
  const withoutKey = (text: string): string =>
    text.replaceAll(key, '…').replaceAll(encodeURIComponent(key), '…').slice(0, 300);
  return async (address) => {
    const request = new URL(url);
    request.searchParams.set('ip', address);
    request.searchParams.set('key', key);
    request.searchParams.set('format', 'json');
    try {
      // A redirect would carry the key to somebody else.
      const response = await fetch(request, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      const answer = read(response.status, await response.text());
      return 'message' in answer ? { ...answer, message: withoutKey(answer.message) } : answer;
    } catch (error) {
      return { kind: 'later', message: withoutKey(reasonOf(error as Error, timeoutMs)) };
    }
  };
}

function reasonOf(error: Error & { cause?: unknown }, timeoutMs: number): string {
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** "Invalid API key or insufficient credit." */
const KEY_OR_CREDIT = 10_000;

function read(status: number, body: string): Ip2LocationAnswer {
  const answer = parsed(body);
  const error = answer?.['error'];
  if (status === 200 && answer !== null && error === undefined) return found(answer);
  const { error_code: code, error_message: said } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Record<string, unknown>;
  const text = typeof said === 'string' ? said : '';
  const message = `HTTP ${status} ${typeof code === 'number' ? code : ''} ${text}`
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (status === 429 || status >= 500) return { kind: 'later', message };
  if (status === 401 || status === 403 || code === KEY_OR_CREDIT || /api key|credit|quota/i.test(text))
    return { kind: 'refused', message };
  // Said of the address: asking again would say the same.
  if (
    /(invalid|reserved|private|not a valid).*\bip\b|\bip\b.*(invalid|reserved|private|not valid)/i.test(text)
  )
    return { kind: 'place', place: NOWHERE };
  return { kind: 'later', message };
}

function found(answer: Record<string, unknown>): Ip2LocationAnswer {
  if (!('country_code' in answer)) return { kind: 'later', message: 'an answer without country_code' };
  const place = {
    country: name(answer['country_code']),
    state: name(answer['region_name']),
    city: name(answer['city_name']),
  };
  return { kind: 'place', place };
}

function name(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : null;
}

function parsed(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
