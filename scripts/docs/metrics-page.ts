import { clientSection } from "./metrics-client-section.ts";
import { serverSection } from "./metrics-server-section.ts";

/** docs/metrics.md: what programs are told of a running Postern, a section for each part that tells. */
export function metricsPage(): string {
  return [
    "# Status and metrics",
    "What a running Postern tells programs. This page is made from the tables in the code (`npm run docs`); a test compares them.",
    ...clientSection(),
    ...serverSection(),
    "",
  ].join("\n\n");
}
