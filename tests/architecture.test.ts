import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { architectureFaults, type Rules } from "./architecture/faults.ts";
import { moduleFacts } from "./architecture/module-facts.ts";
import { sourceFolders, treeFolders, unknownFiles } from "./architecture/page.ts";
import { readProject, type PackageSources, type Project, type SourceFile } from "./architecture/project.ts";

/** The imports that each package may make. ARCHITECTURE.md describes the architecture, and this test enforces it. */
const RULES: Rules = {
  table: {
    cli: ["server", "gateway", "client", "protocol", "config", "net"],
    server: ["gateway", "protocol", "net"],
    client: ["protocol", "net"],
    gateway: ["net"],
    protocol: [],
    config: [],
    net: [],
    testkit: [],
  },
  subpaths: {
    "@postern/client/command": ["cli"],
    "@postern/client/status": ["cli"],
    "@postern/gateway/access-log": ["server", "cli"],
    "@postern/gateway/policies": ["server", "cli"],
    "@postern/gateway/service": ["cli"],
    "@postern/protocol/constants": ["client"],
  },
  pure: [
    {
      folder: "protocol",
      builtins: ["node:buffer"],
      // prettier-ignore
      forbiddenGlobals: [
        "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "process.nextTick",
        "Date.now", "Date", "performance.now", "performance", "Math.random", "crypto", "console",
      ],
    },
  ],
  maxLines: 400,
  maxCommentWidth: 120,
  catchAllNames: ["util", "helper", "common", "misc", "manager", "base", "core", "type"],
  shape: { rootFiles: ["index", "options", "limits", "route", "errors"], maxFiles: 24 },
};

test("the project follows its architecture", () => {
  const project = readProject(fileURLToPath(new URL("..", import.meta.url)));
  expect(project.packages.map(({ folder }) => folder).toSorted()).toEqual(Object.keys(RULES.table).toSorted());
  for (const { folder, files } of project.packages) expect(files.length, `files read in ${folder}`).toBeGreaterThan(0);
  expect(project.loose.map(({ path }) => path)).toContain("tests/architecture.test.ts");
  expect(architectureFaults(project, RULES)).toEqual([]);
});

describe("ARCHITECTURE.md", () => {
  const { packages, loose } = readProject(fileURLToPath(new URL("..", import.meta.url)));
  const paths = [...packages.flatMap(({ files }) => files), ...loose].map(({ path }) => path);
  const page = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8");

  test("shows every source folder in its tree, and no other", () => {
    expect(treeFolders(page)).toEqual(sourceFolders(paths));
  });

  test("names only files that exist", () => {
    expect(unknownFiles(page, paths)).toEqual([]);
    expect(unknownFiles("`exchange/exchange.ts`, then `no-such.ts`", paths)).toEqual(["no-such.ts"]);
  });
});

describe("the checker finds planted faults", () => {
  test("a tree without faults has none", () => {
    expect(architectureFaults(planted({}), RULES)).toEqual([]);
  });

  test.for([
    ['import { a } from "@postern/server";', "client may import protocol, net"],
    ['import type { A } from "@postern/server";', "client may import protocol, net"],
    ['export { a } from "@postern/gateway";', "client may import protocol, net"],
    ['export * from "@postern/gateway";', "client may import protocol, net"],
    ['export const load = () => import("@postern/server");', "client may import protocol, net"],
    ['export type A = import("@postern/server").A;', "client may import protocol, net"],
    ['import { test } from "@postern/testkit";', "client may import protocol, net"],
    ['import { a } from "@postern/protocol/dist/frame.js";', "only a package's main entry"],
    ['import { a } from "@postern/client";', "does not import itself"],
    ['import { a } from "../../server/src/index.js";', "leaves the package's src"],
    ['import { a } from "../package.json";', "leaves the package's src"],
    ['import { Agent } from "undici";', "not declared in packages/client/package.json"],
    ['import { test } from "vitest";', "not declared in packages/client/package.json"],
    ['import { connect } from "net";', "written with node:"],
    ["export const load = (name: string) => import(name);", "computed"],
    ["export default 1;", "exports are named"],
  ])("%s in the client", ([text, fault]) => {
    const source = `export * from "@postern/protocol";\nimport "ws";\n${text}\n`;
    expect(architectureFaults(planted({ "client/src/index.ts": source }), RULES)).toEqual([
      expect.stringContaining(fault ?? ""),
    ]);
  });

  test("a subpath that only the command may import", () => {
    const source = 'import { a } from "@postern/client/command";\nexport { a };\n';
    const index = 'export * from "@postern/server";\nexport * from "@postern/client";\n';
    expect(architectureFaults(planted({ "cli/src/index.ts": index + source }), RULES)).toEqual([]);
    expect(architectureFaults(planted({ "gateway/src/index.ts": source }), RULES)).toEqual([
      expect.stringContaining("only cli may import this subpath"),
    ]);
  });

  test.for([
    ['import { createServer } from "node:net";', "does no input or output"],
    ["setTimeout(() => {}, 1);", "setTimeout"],
    ["export const now = () => Date.now();", "Date.now"],
    ["export const dice = { roll: () => Math.random() };", "Math.random"],
    ["console.log(1);", "console"],
  ])("%s in the protocol", ([text, fault]) => {
    const faults = architectureFaults(planted({ "protocol/src/index.ts": `${text}\n` }), RULES);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join("\n")).toContain(fault);
  });

  test("a clock that is passed in may have any name", () => {
    const source =
      "export class Idle { constructor(now: () => number, setTimeout: () => void) { now(); setTimeout(); } }\n";
    expect(architectureFaults(planted({ "protocol/src/index.ts": source }), RULES)).toEqual([]);
  });

  test("a bin may import built-in modules without the prefix node:", () => {
    expect(architectureFaults(planted({ "cli/bin/postern.js": 'import { join } from "path";\n' }), RULES)).toEqual([]);
  });

  test("a dependency that nothing imports", () => {
    const faults = architectureFaults(
      planted({ "client/src/index.ts": 'export * from "@postern/protocol";\n' }),
      RULES,
    );
    expect(faults).toEqual(["packages/client declares ws and never imports it"]);
  });

  test("a package that is missing from the table, and one that is only in the table", () => {
    const project = planted({});
    const gateway = project.packages.find(({ folder }) => folder === "gateway");
    if (gateway === undefined) throw new Error("the planted tree has a gateway");
    gateway.folder = "portal";
    gateway.manifest.name = "@postern/portal";
    gateway.files = [];
    expect(architectureFaults(project, RULES)).toEqual([
      "packages/portal is not in the table",
      "packages/gateway is in the table only",
    ]);
  });

  test("a comment of 121 columns, but not one of 120", () => {
    const comment = (width: number): string => `// ${"x".repeat(width - 3)}\n`;
    expect(architectureFaults(planted({ "gateway/src/wide.ts": comment(120) }), RULES)).toEqual([]);
    expect(architectureFaults(planted({ "gateway/src/wide.ts": comment(121) }), RULES)).toEqual([
      "packages/gateway/src/wide.ts:1: a comment of 121 columns, more than 120",
    ]);
  });

  test("files that import each other in a circle, types included", () => {
    const files = {
      "gateway/src/http/head.ts": 'import type { Body } from "./body.js";\nexport type { Body };\n',
      "gateway/src/http/body.ts": 'import { line } from "./line.js";\nexport { line };\n',
      "gateway/src/http/line.ts": 'export type Head = import("./head.js").Head;\n',
    };
    expect(architectureFaults(planted(files), RULES)).toEqual([
      "packages/gateway/src: a circle of imports: http/head.ts → http/body.ts → http/line.ts → http/head.ts",
    ]);
  });

  test("two folders that use each other, unless a root file is between them", () => {
    const files = (target: string): Record<string, string> => ({
      "gateway/src/http/head.ts": 'export * from "../body/chunk.js";\n',
      "gateway/src/body/chunk.ts": "export {};\n",
      "gateway/src/body/body.ts": `export * from "${target}";\n`,
      "gateway/src/http/line.ts": "export {};\n",
      "gateway/src/route.ts": 'export * from "./http/line.js";\n',
    });
    expect(architectureFaults(planted(files("../http/line.js")), RULES)).toEqual([
      "packages/gateway/src: body and http use each other: body/body.ts → http/line.ts, http/head.ts → body/chunk.ts",
    ]);
    expect(architectureFaults(planted(files("../route.js")), RULES)).toEqual([]);
  });

  test("a folder of 25 source files, but not one of 24; tests do not count", () => {
    const files = (count: number): Record<string, string> => ({
      "gateway/src/http/first.test.ts": "export {};\n",
      "gateway/src/http/pair.suite.ts": "export {};\n",
      ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`gateway/src/http/part-${n}.ts`, "export {};\n"])),
    });
    expect(architectureFaults(planted(files(24)), RULES)).toEqual([]);
    expect(architectureFaults(planted(files(25)), RULES)).toEqual([
      "packages/gateway/src/http has 25 source files, more than 24",
    ]);
  });

  test.for(["utils.ts", "helper.ts", "misc.test.ts", "core.ts", "types.ts", "SessionThing.ts"])(
    "a file named %s",
    (name) => {
      expect(architectureFaults(planted({ [`gateway/src/http/${name}`]: "export {};\n" }), RULES)).toEqual([
        expect.stringContaining(`packages/gateway/src/http/${name}: `),
      ]);
    },
  );

  test("a file of 401 lines, but not one of 400", () => {
    expect(architectureFaults(planted({ "gateway/src/long.ts": "export {};\n".repeat(400) }), RULES)).toEqual([]);
    expect(architectureFaults(planted({ "gateway/src/long.ts": "export {};\n".repeat(401) }), RULES)).toEqual([
      "packages/gateway/src/long.ts has 401 lines, more than 400",
    ]);
  });

  test.for(["it.only", "test.skip", "describe.only", "test.todo", "test.concurrent.only"])(
    "a test with %s",
    (modifier) => {
      const source = `import { it, test, describe } from "vitest";\n${modifier}("x", () => {});\nit; test; describe;\n`;
      expect(architectureFaults(planted({ "gateway/src/x.test.ts": source }), RULES)).toEqual([
        expect.stringMatching(/some tests would not run/),
      ]);
    },
  );

  test("a package with a different version, and a version range", () => {
    const project = planted({});
    const client = project.packages.find(({ folder }) => folder === "client");
    if (client === undefined) throw new Error("the planted tree has a client");
    client.manifest.version = "0.2.0";
    client.manifest.dependencies = { "@postern/protocol": "0.2.0", ws: "^8.23.0" };
    expect(architectureFaults(project, RULES)).toEqual([
      "packages/client has version 0.2.0, not 0.1.0",
      "packages/client wants @postern/protocol 0.2.0, not 0.1.0",
      "packages/client does not pin ws (^8.23.0)",
    ]);
  });

  test("a test outside the packages that imports a package's internal file or an undeclared dependency", () => {
    const project = planted({});
    project.loose.push(
      { path: "tests/reach.test.ts", text: 'import "../packages/server/src/index.ts";\n' },
      { path: "tests/loan.test.ts", text: 'import "vite";\n' },
    );
    expect(architectureFaults(project, RULES)).toEqual([
      expect.stringContaining("a package is imported by its name"),
      expect.stringContaining("not declared in package.json"),
    ]);
  });
});

test("imports in comments and strings do not count, and neither does a commented-out .only", () => {
  const text = '// import "a";\n/* it.only() */\nexport const text = `import "b"`;\nimport "c";\n';
  expect(moduleFacts(text)).toMatchObject({ imports: ["c"], testModifiers: [] });
});

/** A small tree that follows every rule, with `files` (below packages/) added or replaced. */
function planted(files: Record<string, string>): Project {
  const sources: Record<string, string> = {
    "cli/src/index.ts": 'export * from "@postern/server";\nexport * from "@postern/client";\n',
    "server/src/index.ts": 'export * from "@postern/gateway";\nexport * from "@postern/protocol";\n',
    "client/src/index.ts": 'export * from "@postern/protocol";\nimport "ws";\n',
    "gateway/src/index.ts": 'import { connect } from "node:net";\nexport { connect };\n',
    "protocol/src/index.ts": "export const frame = 1;\n",
    "testkit/src/index.ts": "export const origin = 1;\n",
    ...files,
  };
  const dependencies: Record<string, Record<string, string>> = {
    cli: { "@postern/server": "0.1.0", "@postern/client": "0.1.0" },
    server: { "@postern/gateway": "0.1.0", "@postern/protocol": "0.1.0" },
    client: { "@postern/protocol": "0.1.0", ws: "8.23.0" },
  };
  const inFolder = (folder: string): SourceFile[] =>
    Object.entries(sources)
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, text]) => ({ path: `packages/${path}`, text }));
  const packages = Object.keys(RULES.table).map((folder): PackageSources => ({
    folder,
    manifest: { name: `@postern/${folder}`, version: "0.1.0", dependencies: dependencies[folder] ?? {} },
    files: inFolder(folder),
  }));
  return { root: { name: "postern", version: "0.1.0", devDependencies: { vitest: "5.1.1" } }, packages, loose: [] };
}
