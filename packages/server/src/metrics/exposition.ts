import { collectDefaultMetrics, Registry, type Counter, type Metric } from "prom-client";
import type { MetricDeclaration } from "./declared-metrics.js";

export interface Sample {
  /** Default: that of the metric. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric whose values are read when the page is requested. */
export interface ReadMetric {
  readonly declaration: MetricDeclaration;
  readonly read: () => Sample[];
}

/** The Prometheus text format of metrics, and of the process: memory, CPU, file descriptors, event loop delay. */
export class Exposition {
  readonly #registry = new Registry();

  constructor(metrics: readonly ReadMetric[]) {
    for (const { declaration, read } of metrics) {
      const { name, help, type } = declaration;
      const metric = { name, get: () => Promise.resolve({ name, help, type, values: read(), aggregator: "sum" }) };
      // The registry uses nothing else of a metric.
      this.#registry.registerMetric(metric as unknown as Metric);
    }
    const { user, system } = process.cpuUsage();
    collectDefaultMetrics({ register: this.#registry });
    this.#countedBefore("process_cpu_user_seconds_total", user);
    this.#countedBefore("process_cpu_system_seconds_total", system);
    this.#countedBefore("process_cpu_seconds_total", user + system);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** prom-client counts CPU time from now on, but the counters are those of the process. */
  #countedBefore(name: string, microseconds: number): void {
    (this.#registry.getSingleMetric(name) as Counter).inc(microseconds / 1e6);
  }
}
