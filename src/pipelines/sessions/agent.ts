/** What an event says of its browser: a raw `User-Agent`, or one that somebody has parsed already. */
export type UserAgent = string | ParsedAgent | null;

/** The fields of a parsed user agent that are used; `Other` means unknown. */
interface ParsedAgent {
  browser: string | null;
  os: string | null;
  device: string | null;
}

/** Families as results have them; null where unknown. */
export interface Agent extends ParsedAgent {
  isBot: boolean;
}

/** Families of a user agent. Has to be a function of its argument alone: results are one of the log. */
export type AgentReader = (userAgent: UserAgent) => Agent;
