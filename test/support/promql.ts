/** Which metrics and labels a PromQL expression uses. */
import { parser } from '@prometheus-io/lezer-promql';

interface Selector {
  metric: string;
  /** In its matchers. */
  labels: string[];
}

export interface Expression {
  text: string;
  selectors: Selector[];
  /** After `by`, `on`, `without`, `ignoring`. */
  grouping: string[];
}

/** @throws Error where it is no PromQL */
export function parsePromql(text: string): Expression {
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const tree = parser.parse(text);
  tree.iterate({
    enter({ type, from, to, node }) {
      const words = text.slice(from, to);
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      if (type.name === 'VectorSelector') selectors.push({ metric: /^[\w:]+/.exec(words)![0], labels: [] });
      if (type.name !== 'LabelName') return;
      if (node.parent!.name === 'GroupingLabels') grouping.push(words);
      else selectors.at(-1)!.labels.push(words);
    },
  });
  return { text, selectors, grouping };
}
