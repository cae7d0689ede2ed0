interface Metric {
  name: string;
  type: string;
  labels: readonly string[];
  help: string;
}

/** Returns a table of metrics. */
export function metricsTable(metrics: readonly Metric[]): string {
  const row = ({ name, type, labels, help }: Metric): string =>
    `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
  return ["| metric | type | labels | description |", "|---|---|---|---|", ...metrics.map(row)].join("\n");
}
