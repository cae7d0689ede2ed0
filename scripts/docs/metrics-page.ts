import { clientSection } from "./metrics-client-section.ts";
import { serverSection } from "./metrics-server-section.ts";

/** Returns docs/metrics.md: status, metrics and webhook of the client, health and metrics of the server. */
export function metricsPage(): string {
  return [
    "# Status and metrics",
    "Interfaces for monitoring a running client and server. The tables in the code generate this page (`npm run docs`), and a test compares the two.",
    ...clientSection(),
    ...serverSection(),
    "",
  ].join("\n\n");
}
