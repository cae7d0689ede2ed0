import { expect, test } from "vitest";
import { drawBarChart } from "../../bench/charts/bar-chart.ts";
import { drawCharts, missingFigures } from "../../bench/charts/charts.ts";
import { figures, line } from "../../bench/row.ts";

const MEASURED = [
  line({ measure: "requests/s", charts: [figures("rate-requests-64", 30_000, 60_000, (rate) => `${rate} /s`)] }),
  line({ measure: "requests-1", result: "failed", note: "not finished after 90 s" }),
];

function chart(file: string): string {
  return drawCharts(MEASURED).find((each) => each.file === file)!.svg;
}

test("the bars of a pair are to scale, and each has its figure", () => {
  const widths = [...chart("requests.svg").matchAll(/class="(?:product|yardstick)" .* width="(\d+)" height="18"/g)];
  const [product, yardstick] = widths.map(([, width]) => Number(width));
  expect(product! / yardstick!).toBeCloseTo(0.5, 2);
  expect(chart("requests.svg")).toContain(">30000 /s<");
  expect(chart("requests.svg")).toContain(">60000 /s<");
});

test("a row that failed is marked in its chart, and does not prevent the others", () => {
  expect(chart("requests.svg").match(/>not measured</g)).toHaveLength(5);
  expect(chart("transfers.svg").match(/>not measured</g)).toHaveLength(3);
  expect(missingFigures(MEASURED)).toContain("rate-requests-1");
  expect(missingFigures(MEASURED)).not.toContain("rate-requests-64");
});

test("labels are text, and not markup", () => {
  const svg = drawBarChart({
    title: '<b>"A" & B</b>',
    subtitle: "",
    legend: { product: "", yardstick: "" },
    groups: [{ label: "", bars: [{ kind: "product", value: 0, shown: "0" }] }],
  });
  expect(svg).toContain(">&lt;b>&quot;A&quot; &amp; B&lt;/b><");
  expect(svg).not.toContain("NaN");
});
