import { clientSection } from "./metrics-client-section.ts";
import { serverSection } from "./metrics-server-section.ts";

/** Returns docs/metrics.md: status, metrics and webhook of the client, health and metrics of the server. */
export function metricsPage(): string {
  return [
    "# Status and metrics",
    "This page describes the interfaces for monitoring a running client and server. It is generated from the code with `npm run docs`; a test checks that it is up to date.",
    ...clientSection(),
    ...serverSection(),
    "",
  ].join("\n\n");
}
