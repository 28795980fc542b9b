import Table from 'cli-table3';

/** One line of the table that the benchmark prints. */
export interface Figure {
  figure: string;
  measured: string;
  /** What it should be (docs/benchmarks.md); undefined: only told. */
  target?: { text: string; met: boolean };
}

/** What one measurement gives. */
export interface Outcome {
  figures: Figure[];
  /** Sentences about results that are not those of an exact pass over the topic: any of them makes the benchmark fail. */
  wrong: string[];
}

export function target(text: string, met: boolean): { text: string; met: boolean } {
  return { text, met };
}

export function table(figures: readonly Figure[]): string {
  const plain = new Table({ head: ['figure', 'measured', 'target', ''], style: { head: [], border: [] } });
  for (const { figure, measured, target } of figures) {
    plain.push([
      figure,
      measured,
      target?.text ?? '',
      target === undefined ? '' : target.met ? 'met' : 'missed',
    ]);
  }
  return plain.toString();
}

/** The value below which a share `p` of the sorted values lies, by the nearest rank. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!;
}
