import type { Figures, Line } from "../row.ts";
import { drawBarChart, type Bar, type BarChart, type BarGroup } from "./bar-chart.ts";

interface ChartPlan extends Omit<BarChart, "groups"> {
  file: string;
  /** The figures that it shows, and their labels. */
  groups: [id: string, label: string][];
}

const LEGEND = { product: "Postern, two hops", yardstick: "nginx, one hop" };
const SCALE = "Bars of one pair are to scale.";

/** The charts of docs/performance.md. */
const PLANS: ChartPlan[] = [
  {
    file: "requests.svg",
    title: "Requests per second",
    subtitle: `Longer is better. ${SCALE}`,
    legend: LEGEND,
    groups: [
      ["rate-requests-1", "1 connection"],
      ["rate-requests-64", "64 connections"],
      ["rate-requests-256", "256 connections"],
      ["rate-requests-64-tls", "64 TLS connections"],
      ["rate-requests-new-1", "new connection for each, 1 at a time"],
      ["rate-requests-new-64", "new connection for each, 64 at a time"],
    ],
  },
  {
    file: "latency.svg",
    title: "Latency, 99th percentile",
    subtitle: `Shorter is better. ${SCALE}`,
    legend: LEGEND,
    groups: [
      ["p99-requests-1", "1 connection"],
      ["p99-requests-64", "64 connections"],
      ["p99-requests-256", "256 connections"],
      ["p99-requests-new-1", "new connection for each, 1 at a time"],
      ["p99-requests-new-64", "new connection for each, 64 at a time"],
      ["p99-beside-bulk", "beside a download and an upload"],
      ["p99-slow-link", "the same over a 10 Mbit/s link"],
    ],
  },
  {
    file: "transfers.svg",
    title: "Transfer rate of one stream",
    subtitle: `Longer is better. ${SCALE}`,
    legend: LEGEND,
    groups: [
      ["rate-download", "1 GB download"],
      ["rate-upload", "1 GB upload"],
      ["rate-download-tls", "1 GB download, TLS"],
    ],
  },
  {
    file: "long-link.svg",
    title: "Transfer rate over a long link",
    subtitle: "200 MB, 100 ms round trip, 200 Mbit/s",
    legend: { product: "Postern", yardstick: "plain TCP over the same link" },
    groups: [
      ["rate-long-download", "download"],
      ["rate-long-upload", "upload"],
    ],
  },
  {
    file: "cpu.svg",
    title: "CPU time of all processes",
    subtitle: `Shorter is better. ${SCALE}`,
    legend: LEGEND,
    groups: [
      ["cpu-requests-64", "one request, 64 connections"],
      ["cpu-requests-64-tls", "one request, 64 TLS connections"],
      ["cpu-requests-new-64", "one request on a new connection"],
      ["cpu-download", "download of 1 GB"],
      ["cpu-upload", "upload of 1 GB"],
      ["cpu-download-tls", "download of 1 GB, TLS"],
    ],
  },
];

/** The figures that the charts show and that these lines do not have. */
export function missingFigures(lines: Line[]): string[] {
  const measured = new Set(lines.flatMap(({ charts }) => charts ?? []).map(({ id }) => id));
  return PLANS.flatMap(({ groups }) => groups.map(([id]) => id)).filter((id) => !measured.has(id));
}

/** The charts of a run, by file name. What a failed row did not measure is marked in its chart. */
export function drawCharts(lines: Line[]): { file: string; svg: string }[] {
  const figures = new Map(lines.flatMap(({ charts }) => charts ?? []).map((each) => [each.id, each]));
  return PLANS.map(({ file, groups, ...chart }) => ({
    file,
    svg: drawBarChart({ ...chart, groups: groups.map(([id, label]) => groupOf(label, figures.get(id))) }),
  }));
}

function groupOf(label: string, figures: Figures | undefined): BarGroup {
  const bars: Bar[] = [];
  for (const kind of ["product", "yardstick"] as const) {
    const figure = figures?.[kind];
    if (figure !== undefined) bars.push({ kind, ...figure });
  }
  return { label, bars };
}
