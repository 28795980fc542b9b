/** Writes small MMDB databases: a tree of 32-bit records, maps of texts, metadata (https://maxmind.github.io/MaxMind-DB/). */
import ipaddr from 'ipaddr.js';

type Value = string | number | string[] | { [key: string]: Value };

/** A database of one version of IP. @param networks records by their CIDR */
export function mmdbOf(ipVersion: 4 | 6, networks: Record<string, Record<string, Value>>): Buffer {
  // A node is its two children: another node, a place in `data`, or nothing.
  type Child = { node: number } | { data: number } | null;
  const nodes: [Child, Child][] = [[null, null]];
  let data = Buffer.alloc(0);
  for (const [cidr, record] of Object.entries(networks)) {
    const [address, prefix] = ipaddr.parseCIDR(cidr);
    const bits = address
      .toByteArray()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
    let at = 0;
    for (let depth = 0; depth < prefix - 1; depth += 1) {
      const side = Number(bits[depth]) as 0 | 1;
      const child = nodes[at]![side];
      if (child && 'node' in child) at = child.node;
      else at = (nodes[at]![side] = { node: nodes.push([null, null]) - 1 }).node;
    }
    nodes[at]![Number(bits[prefix - 1]) as 0 | 1] = { data: data.length };
    data = Buffer.concat([data, encoded(record)]);
  }
  const tree = Buffer.alloc(nodes.length * 8);
  nodes.flat().forEach((child, index) => {
    const value =
      child === null ? nodes.length : 'node' in child ? child.node : nodes.length + 16 + child.data;
    tree.writeUInt32BE(value, index * 4);
  });
  const metadata = encoded({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: 'Test',
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 32,
  });
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    data,
    Buffer.from('ABCDEF4D61784D696E642E636F6D', 'hex'),
    metadata,
  ]);
}

const TEXT = 2;
const UINT32 = 6;
const MAP = 7;
const ARRAY = 11;

function encoded(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(TEXT, text.length), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encoded)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(MAP, entries.length), ...entries.flat().map(encoded)]);
}

/** Sizes below 29 only. */
function control(type: number, size: number): Buffer {
  return Buffer.from(type > 7 ? [size, type - 7] : [(type << 5) | size]);
}
