import { hash } from 'node:crypto';
import { nullSafe } from './nullSafe.js';

/**
 * The id of a session, which others can compute too: SHA-256 in hex over user and address, each as {@link nullSafe}, and the start in epoch
 * milliseconds as decimal digits (docs/pipelines.md).
 */
export function sessionId(userId: string | null, ip: string | null, start: number): string {
  return hash('sha256', `${nullSafe(userId)}${nullSafe(ip)}${start}`, 'hex');
}
