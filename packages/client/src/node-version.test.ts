import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { needsOlderNode } from "@postern/testkit";

const BUILT = new URL("../dist/index.js", import.meta.url).href;

test("on an older Node.js, the package names the version that it needs", (context) => {
  const node = needsOlderNode(context, 22);
  const { status, stderr } = spawnSync(node, ["--input-type=module", "-e", `import ${JSON.stringify(BUILT)};`], {
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/@postern\/client needs Node\.js 22\.19 or newer; this is \d+\.\d+/);
});

test("package.json and README name the same version", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  expect(JSON.parse(read("../package.json"))).toMatchObject({ engines: { node: ">=22.19" } });
  expect(read("../../../README.md")).toContain("needs Node 22.19 or newer");
});
