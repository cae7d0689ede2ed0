import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const BUILT = new URL("../dist/index.js", import.meta.url).href;
/** Preloaded, it makes this Node.js report an older version. */
const PRETEND = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.18.1" } })`;

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("on an older Node.js, the package names the version that it needs", () => {
  const args = ["--import", `data:text/javascript,${PRETEND}`, "--input-type=module", "-e", `import "${BUILT}";`];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("@postern/client needs Node.js 22.19 or newer; this is 22.18.1");
});

test("the version is checked before anything is imported that an older Node.js does not have", () => {
  const [first] = read("./index.ts").match(/^(import|export) .*$/gm) ?? [];
  expect(first).toBe('import "./node-version.js";');
});

test("package.json and README name the same version", () => {
  expect(JSON.parse(read("../package.json"))).toMatchObject({ engines: { node: ">=22.19" } });
  expect(read("../../../README.md")).toContain("needs Node 22.19 or newer");
});
