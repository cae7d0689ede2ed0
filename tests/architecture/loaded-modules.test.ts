import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isOwn, loadedModules } from "./loaded-modules.ts";
import { readProject } from "./project.ts";

const project = readProject(fileURLToPath(new URL("../..", import.meta.url)));
const modulesOf = loadedModules(project);
const COMMANDS = "packages/cli/src/commands";

/** What a command loads at its start, before it knows what the configuration enables. */
function loadedBy(command: string): string[] {
  return modulesOf("packages/cli/src/main.ts", `${COMMANDS}/${command}/run.ts`);
}

/** The packages of others among them. */
function foreign(loaded: readonly string[]): string[] {
  return loaded.filter((path) => !isOwn(path) && !path.startsWith("node:")).toSorted();
}

test("a server loads no code of the client", () => {
  const loaded = loadedBy("server");
  expect(loaded).toContain("packages/server/src/server.ts");
  expect(loaded.filter((path) => path.startsWith("packages/client/"))).toEqual([]);
  expect(foreign(loaded)).toEqual(["commander", "picocolors"]);
});

test("a server loads no code of static files, and a gateway does", () => {
  const ofFiles = (path: string): boolean => path.startsWith("packages/gateway/src/files/");
  expect(loadedBy("server").filter(ofFiles)).toEqual([]);
  expect(loadedBy("serve").filter(ofFiles)).not.toEqual([]);
});

test("a client loads no code of the server and the gateway", () => {
  const loaded = loadedBy("http");
  expect(loaded).toContain("packages/client/src/tunnel.ts");
  expect(loaded.filter((path) => /^packages\/(server|gateway)\//.test(path))).toEqual([]);
  expect(foreign(loaded)).toEqual(["commander", "picocolors"]);
});

test("a gateway loads no code of the tunnel server, of the client's tunnels and of their protocol", () => {
  const loaded = loadedBy("serve");
  expect(loaded).toContain("packages/gateway/src/service/gateway-service.ts");
  expect(
    loaded.filter((path) => /^packages\/(server|client\/src\/(session|credential|local|probe))\//.test(path)),
  ).toEqual([]);
  expect(loaded.filter((path) => path.startsWith("packages/protocol/")).toSorted()).toEqual([
    "packages/protocol/src/constants.ts",
    "packages/protocol/src/limits.ts",
    "packages/protocol/src/wire/request-record.ts",
  ]);
  expect(foreign(loaded)).toEqual(["commander", "picocolors"]);
});

test.for(["server", "http", "serve"])("%s loads no code of other commands", (command) => {
  const other = loadedBy(command).filter(
    (path) => path.startsWith(`${COMMANDS}/`) && path.endsWith("/run.ts") && path !== `${COMMANDS}/${command}/run.ts`,
  );
  expect(other).toEqual([]);
});

test("no file loads node:http, node:https or node:tls at its start: builtins.ts loads them when they are used", () => {
  const product = project.packages
    .filter(({ folder }) => folder !== "testkit")
    .flatMap(({ files }) => files.map(({ path }) => path))
    .filter((path) => path.includes("/src/") && !/\.(test|suite)\.ts$/.test(path));
  const large = modulesOf(...product).filter((path) => /^node:(http|https|http2|tls)$/.test(path));
  expect(large).toEqual([]);
});
