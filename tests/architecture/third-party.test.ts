import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isOwn, loadedModules } from "./loaded-modules.ts";
import { readProject } from "./project.ts";

const ROOT = new URL("../..", import.meta.url);
const project = readProject(fileURLToPath(ROOT));
const { packages } = project;
const texts = new Map(packages.flatMap(({ files }) => files).map(({ path, text }) => [path, text]));
const modulesOf = loadedModules(project);

/** The packages of others that importing these files loads, through any chain of static imports. */
function loadedBy(...entries: string[]): string[] {
  const foreign = modulesOf(...entries).filter((module) => !isOwn(module) && !module.startsWith("node:"));
  return [...new Set(foreign.map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier))].toSorted();
}

interface Locked {
  dependencies?: Record<string, string>;
}

/** The packages of others that npm installs with a package of this project. */
function installedWith(folder: string): string[] {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", ROOT), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const found = new Set<string>();
  const follow = ({ dependencies = {} }: Locked): void => {
    for (const name of Object.keys(dependencies)) {
      const own = name.startsWith("@postern/");
      const locked = lock.packages[own ? `packages/${name.slice("@postern/".length)}` : `node_modules/${name}`];
      if (locked === undefined) throw new Error(`${name} is not in the lock file`);
      if (found.has(name)) continue;
      found.add(name);
      follow(locked);
    }
  };
  follow(lock.packages[`packages/${folder}`] ?? {});
  return [...found].filter((name) => !name.startsWith("@postern/")).toSorted();
}

/** The packages of others that a package needs only later: the gateway for its first password, token … */
const LATER: Readonly<Record<string, readonly string[]>> = {
  gateway: ["bcryptjs", "jose", "mrmime", "oauth4webapi", "openid-client"],
};

describe.each(["protocol", "net", "client", "gateway"])("@postern/%s", (folder) => {
  test("loads no package of others at its start, and installs only those that it may need later", () => {
    const entries = [`packages/${folder}/src/index.ts`, `packages/${folder}/src/command.ts`];
    expect(loadedBy(...entries.filter((path) => texts.has(path)))).toEqual([]);
    expect(installedWith(folder)).toEqual(LATER[folder] ?? []);
  });
});

test("@postern/server loads packages only for the metrics page; its logger is the caller's", () => {
  const declared = packages.find((member) => member.folder === "server")?.manifest.dependencies ?? {};
  const foreign = Object.keys(declared).filter((name) => !name.startsWith("@postern/"));
  expect(loadedBy("packages/server/src/index.ts")).toEqual([]);
  expect(loadedBy("packages/server/src/metrics/exposition.ts")).toEqual(["prom-client"]);
  expect(foreign).toEqual(["pino", "prom-client"]);
  expect(installedWith("server")).not.toContain("@peculiar/x509");
});

describe("the command", () => {
  const runs = [...texts.keys()].filter((path) => /^packages\/cli\/src\/commands\/[a-z]+\/run\.ts$/.test(path));

  test("installs the packages of its demo and of its certificates", () => {
    expect(installedWith("cli")).toEqual(expect.arrayContaining(["@peculiar/x509", "ws"]));
  });

  test("loads the demo's WebSocket server only for the demo", () => {
    expect(runs.length).toBeGreaterThan(5);
    expect(loadedBy("packages/cli/src/main.ts")).not.toContain("ws");
    expect(runs.filter((path) => loadedBy(path).includes("ws"))).toEqual(["packages/cli/src/commands/demo/run.ts"]);
  });

  test("loads the certificate generator only when it makes certificates", () => {
    expect(loadedBy("packages/cli/src/main.ts", ...runs)).not.toContain("@peculiar/x509");
    expect(loadedBy("packages/cli/src/commands/cert/dev-certificates.ts")).toContain("@peculiar/x509");
  });
});
