import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { exchange, Origin, scratchFolder, type Exchange } from "@postern/testkit";
import { DocumentedPage, shell } from "./documented-page.ts";

let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/transform.md", [
    ["responses", "toml", /internal_id/],
    ["requests", "toml", /"role"/],
    ["expressions", "toml", /regex_enabled/],
  ]);
});

interface Served {
  /** The bodies that the origin has received. */
  bodies: string[];
  ask: (path: string, body?: string) => Promise<Exchange>;
}

/** Runs `postern serve` with an example, and an origin in place of its target that responds with `response`. */
async function served(name: string, type: string, response: string): Promise<Served> {
  const folder = scratchFolder(onTestFinished);
  const bodies: string[] = [];
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) => {
    outgoing.setHeader("content-type", type);
    void text(incoming).then((body) => {
      bodies.push(body);
      outgoing.end(response);
    });
  });
  const file = page.example(name, { "localhost:3000": `127.0.0.1:${origin.port}` });
  writeFileSync(join(folder, "postern.toml"), file, { mode: 0o600 });
  const program = shell(onTestFinished, folder, "npx postern serve --listen 127.0.0.1:0");
  const find = (): string | undefined => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output)?.[1];
  const port = Number(await program.waitFor("the address", find));
  const headers = { "content-type": "application/json" };
  const ask: Served["ask"] = (path, body) =>
    exchange(port, { host: "a", path, ...(body === undefined ? {} : { method: "POST", body, headers }) });
  return { bodies, ask };
}

test("changes to responses", async () => {
  const { ask } = await served(
    "responses",
    "application/json",
    '{"internal_id":7,"url":"http://internal.example.com/a","items":[{"debug_info":{},"n":1.0}]}',
  );
  expect(String((await ask("/")).body)).toBe(
    '{"url":"https://www.example.com/a","items":[{"n":1.0}],"source":"gateway"}',
  );
});

test("changes to requests", async () => {
  const { bodies, ask } = await served("requests", "text/plain", "ok");
  expect((await ask("/api/users", '{"name":"x","role":"admin"}')).status).toBe(200);
  expect(bodies).toEqual(['{"name":"x","via":"gateway"}']);
});

test("regular expressions", async () => {
  const { ask } = await served("expressions", "text/plain", "from 2026-11-28 on");
  expect(String((await ask("/")).body)).toBe("from 11/2026 on");
});
