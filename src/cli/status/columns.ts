const GAP = '  ';

/**
 * Lines of a table without borders, numbers to the right. One that is wider than `width` is cut into several below each other, each
 * beginning with the first column, by which rows are known.
 */
export function inColumns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const blocks: number[][] = [];
  let left = 0;
  for (let i = 1; i < head.length; i++) {
    left -= GAP.length + widths[i]!;
    if (blocks.length === 0 || (left < 0 && blocks.at(-1)!.length > 0)) {
      blocks.push([]);
      left = width - widths[0]! - GAP.length - widths[i]!;
    }
    blocks.at(-1)!.push(i);
  }
  const line = (row: readonly string[], block: readonly number[]): string =>
    [0, ...block].map((i) => row[i]!.padStart(widths[i]!)).join(GAP);
  return blocks.flatMap((block) => [head, ...rows].map((row) => line(row, block)));
}
