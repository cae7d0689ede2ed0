import type { StatusDocument } from "./status-document.js";

export interface MetricSample {
  labels: Record<string, string>;
  value: number;
  /** The suffix of the metric's name: `_bucket`, `_sum` or `_count` of a histogram. */
  suffix?: string;
}

/** A metric, and how its values are read from the status. */
export interface Metric {
  name: string;
  type: "gauge" | "counter" | "histogram";
  help: string;
  /** The labels, without `le`. */
  labels: readonly string[];
  samples: (status: StatusDocument) => MetricSample[];
}

/** A metric with its values. */
export interface MetricFamily extends Omit<Metric, "samples" | "labels"> {
  samples: MetricSample[];
}
