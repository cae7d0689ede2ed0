import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./documented-page.ts";

const PAGES = ["*.md", "docs/*.md", "bench/*.md", "packages/*/cases/*.md"].flatMap((pattern) =>
  globSync(pattern, { cwd: ROOT }),
);

test("all pages are checked", () => {
  expect(PAGES.length).toBeGreaterThan(12);
});

test.for(PAGES)("links within the repository have a target: %s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8").replace(/```[^]*?```/g, "");
  const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  for (const [link, path = "", anchor] of links) {
    const target = path === "" ? page : join(dirname(page), path);
    expect(globSync(target, { cwd: ROOT }), link).toHaveLength(1);
    if (anchor !== undefined) expect(anchors(target), link).toContain(anchor);
  }
});

/** The anchors of a page's headings, as GitHub derives them. */
function anchors(page: string): string[] {
  const headings = readFileSync(join(ROOT, page), "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}
