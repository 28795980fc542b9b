/** Which texts are public addresses: only those have a location. */
import ipaddr from 'ipaddr.js';

/** The longest text of an address: eight groups, the last two as IPv4. */
const LONGEST = 45;
/** What IANA has given out as global unicast, 2000::/3; the rest is reserved, or not given out yet. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Their last four bytes are an IPv4 address: NAT64, and the old IPv4-compatible form. */
const IPV4_INSIDE = ['64:ff9b::/96', '::/96'].map((cidr) => ipaddr.IPv6.parseCIDR(cidr));

/**
 * The canonical form of a public address: IPv4 in four decimal parts, IPv6 as RFC 5952 writes it, and IPv4 inside IPv6
 * (::ffff:0:0/96, 64:ff9b::/96, ::/96) as that IPv4, so that one address has one form. Null for addresses that are private, reserved or of
 * documentation, and for texts that are none (there are no spaces, leading zeros, zones or ports in an address).
 */
export function publicAddress(text: string): string | null {
  const address = parse(text);
  if (address === null || address.range() !== 'unicast') return null;
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.match(GLOBAL_UNICAST_V6) ? address.toRFC5952String() : null;
}

/** Whether an address, in its canonical form, is of IPv6. */
export function isV6(address: string): boolean {
  return address.includes(':');
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (text.length > LONGEST) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const isIPv4 = IPV4_INSIDE.some((range) => address.match(range));
  return isIPv4 ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}
