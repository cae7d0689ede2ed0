import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { moduleFacts } from "./module-facts.ts";
import { readProject } from "./project.ts";

const ROOT = new URL("../..", import.meta.url);
const { packages } = readProject(fileURLToPath(ROOT));
const texts = new Map(packages.flatMap(({ files }) => files).map(({ path, text }) => [path, text]));

const known = new Map<string, string[]>();

/** The static imports of a file. */
function loadsOf(path: string): string[] {
  const text = texts.get(path);
  if (text === undefined) throw new Error(`${path} does not exist`);
  const loads = known.get(path) ?? moduleFacts(text).loads;
  known.set(path, loads);
  return loads;
}

/** The packages of others that importing these files loads, through any chain of static imports. */
function loadedBy(...entries: string[]): string[] {
  const [seen, found] = [new Set<string>(), new Set<string>()];
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const specifier of loadsOf(path)) {
      if (specifier.startsWith(".")) follow(sourceOf(posix.join(posix.dirname(path), specifier)));
      else if (specifier.startsWith("@postern/")) follow(entryOf(specifier));
      else if (!specifier.startsWith("node:")) found.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  };
  entries.forEach(follow);
  return [...found].toSorted();
}

/** The source of a built file. */
const sourceOf = (path: string): string => path.replace("/dist/", "/src/").replace(/\.js$/, ".ts");

/** The source of `@postern/NAME` or `@postern/NAME/SUBPATH`. */
function entryOf(specifier: string): string {
  const [, folder = "", subpath = "index"] = specifier.split("/");
  return `packages/${folder}/src/${subpath}.ts`;
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

describe.each(["protocol", "net", "client", "gateway"])("@postern/%s", (folder) => {
  test("neither loads nor installs a package of others", () => {
    const entries = [`packages/${folder}/src/index.ts`, `packages/${folder}/src/command.ts`];
    expect(loadedBy(...entries.filter((path) => texts.has(path)))).toEqual([]);
    expect(installedWith(folder)).toEqual([]);
  });
});

test("@postern/server loads packages for tokens and metrics only; it takes its logger from the caller", () => {
  const declared = packages.find((member) => member.folder === "server")?.manifest.dependencies ?? {};
  const foreign = Object.keys(declared).filter((name) => !name.startsWith("@postern/"));
  expect(loadedBy("packages/server/src/index.ts")).toEqual(["jose", "prom-client"]);
  expect(foreign).toEqual(["jose", "pino", "prom-client"]);
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
