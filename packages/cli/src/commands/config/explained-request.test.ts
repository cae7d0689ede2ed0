import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { run } from "../../main.js";
import { Output } from "../../terminal/output.js";

const FILE = `
[[proxy]]
path = "/api/*"
target = "http://127.0.0.1:3000"
[[proxy]]
path = "/api/*"
methods = ["DELETE"]
respond = { status = 403, text = "no" }
[[proxy]]
path = "/*"
redirect = { to = "https://www.example.com{path}", status = 301 }
`;

/** What `postern config explain` prints about a request. */
async function explain(...args: string[]): Promise<string> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, FILE, { mode: 0o600 });
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const terminal = {
    stdout: new Output(streams.stdout),
    stderr: new Output(streams.stderr),
    env: { HOME: "/nowhere" },
  };
  await run(["config", "explain", "--config", file, ...args], terminal);
  const read = (stream: PassThrough): string => String(stream.read() ?? "");
  return read(streams.stdout) + read(streams.stderr);
}

test("shows the route, what its target gets, and the routes that were tried", async () => {
  const text = await explain("GET", "http://a.example/api/users?x=1");
  expect(text).toContain("Route     /api/*\n");
  expect(text).toContain("http://127.0.0.1:3000  gets  GET /users?x=1  Host: 127.0.0.1:3000");
  expect(text).toMatch(
    /✗ DELETE \/api\/\* \(proxy\[1\]\) {2}needs method DELETE\n {2}✓ \/api\/\* .*takes it\n {2}· \/\* .*less specific/,
  );
});

test("shows fixed answers, redirects and refusals", async () => {
  expect(await explain("DELETE", "http://a.example/api/x")).toContain("Response  403");
  expect(await explain("http://a.example/x?y")).toContain("Redirect  301 to https://www.example.com/x?y");
  expect(await explain("GET", "http://a.example/api/%2e%2e/x")).toContain("Refused   PN_ROUTE_PATH");
});

test("as JSON", async () => {
  const found = JSON.parse(await explain("--json", "GET", "http://a.example/api/")) as Record<string, unknown>;
  expect(found).toMatchObject({ route: "/api/*", refusal: null, targets: [{ path: "/", host: "127.0.0.1:3000" }] });
});

test("a text that is not a request is a usage error", async () => {
  expect(await explain("users")).toContain("PN_USAGE");
});
