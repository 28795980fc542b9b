/** Where an address is: what is not known is null. */
export interface Place {
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  state: string | null;
  city: string | null;
}

export const NOWHERE: Place = { country: null, state: null, city: null };

/** Whether nothing at all is known. */
export function isNowhere({ country, state, city }: Place): boolean {
  return country === null && state === null && city === null;
}
