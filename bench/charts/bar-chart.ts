/** A group of horizontal bars. Their lengths compare within the group only, because groups have different units. */
export interface BarGroup {
  label: string;
  /** Empty when nothing was measured. */
  bars: Bar[];
}

export interface Bar {
  kind: "product" | "yardstick";
  value: number;
  /** The value as text, with its unit. */
  shown: string;
}

export interface BarChart {
  title: string;
  /** How to read it, in a few words. */
  subtitle: string;
  /** The names of both kinds of bars. */
  legend: Record<Bar["kind"], string>;
  groups: BarGroup[];
}

/** Narrow, so that the text stays readable when a phone shrinks the chart to 330 pixels. */
const WIDTH = 480;
const MARGIN = 16;
const HEADER = 92;
const LABEL = 22;
const BAR = 18;
const BAR_SPACE = 21;
const GROUP_SPACE = 14;
/** Room for the text behind the longest bar. */
const VALUE_WIDTH = 104;
const LONGEST = WIDTH - 2 * MARGIN - VALUE_WIDTH;

/** With a background of its own, because a page may be dark although the system prefers light, or the reverse. */
const STYLE = `
  .panel { fill: #ffffff; stroke: #d0d7de; }
  text { font: 15px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 18px; font-weight: 600; }
  .quiet { fill: #59636e; }
  .product { fill: #2563eb; }
  .yardstick { fill: #9aa4b2; }
  @media (prefers-color-scheme: dark) {
    .panel { fill: #0d1117; stroke: #3d444d; }
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .product { fill: #58a6ff; }
    .yardstick { fill: #6e7681; }
  }`;

/** Returns the chart as an SVG document. */
export function drawBarChart({ title, subtitle, legend, groups }: BarChart): string {
  const parts: string[] = [];
  let y = HEADER;
  for (const { label, bars } of groups) {
    parts.push(text(MARGIN, y + 15, label));
    y += LABEL;
    const longest = Math.max(...bars.map(({ value }) => value));
    for (const { kind, value, shown } of bars) {
      const width = Math.max(1, Math.round((value / longest) * LONGEST) || 0);
      parts.push(rectangle(MARGIN, y, width, kind), text(MARGIN + width + 8, y + 14, shown));
      y += BAR_SPACE;
    }
    if (bars.length === 0) {
      parts.push(text(MARGIN, y + 14, "not measured", "quiet"));
      y += BAR_SPACE;
    }
    y += GROUP_SPACE;
  }
  const height = y + MARGIN - GROUP_SPACE;
  const legendStart = MARGIN + 26 + legend.product.length * 9;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    text(MARGIN, 30, title, "title"),
    text(MARGIN, 51, subtitle, "quiet"),
    `<rect class="product" x="${MARGIN}" y="63" width="12" height="12" rx="2"/>`,
    text(MARGIN + 18, 74, legend.product),
    `<rect class="yardstick" x="${legendStart}" y="63" width="12" height="12" rx="2"/>`,
    text(legendStart + 18, 74, legend.yardstick),
    ...parts,
    "</svg>",
  ].join("\n")}\n`;
}

function rectangle(x: number, y: number, width: number, kind: Bar["kind"]): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`;
}

function text(x: number, y: number, content: string, style?: string): string {
  return `<text${style === undefined ? "" : ` class="${style}"`} x="${x}" y="${y}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
