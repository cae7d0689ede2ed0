import type { MetricFamily, MetricSample } from "./metric.js";

/** The Content-Type of `metricsText`. */
export const METRICS_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics in the Prometheus text format, version 0.0.4. Metrics without values are left out. */
export function metricsText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
        `# TYPE ${name} ${type}`,
        ...samples.map((sample) => sampleLine(name, sample)),
        "",
      ].join("\n"),
    )
    .join("");
}

function sampleLine(name: string, { suffix = "", labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${suffix}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
