import { gunzipSync } from "node:zlib";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { exchange, Origin, StartProcess, type Exchange } from "@postern/testkit";
import { DocumentedPage } from "./documented-page.ts";

const TEXT = "a text that repeats itself. ".repeat(200);
let page: DocumentedPage;

beforeAll(() => {
  page = new DocumentedPage("docs/compression.md", [
    ["table", "toml", /\[proxy\.middleware\.compression\]$/],
    ["choice", "toml", /brotli = true/],
    ["exclusion", "toml", /\/account\/\*/],
  ]);
});

type Ask = (path: string, accepted: string, type?: string) => Promise<Exchange>;

/** Runs `postern serve` with an example, and an origin in place of its target. */
async function served(name: string): Promise<Ask> {
  const origin = await Origin.start(onTestFinished, ({ url = "", headers }, outgoing) => {
    outgoing.setHeader("Content-Type", String(headers["x-type"] ?? "text/html")).setHeader("ETag", '"abc"');
    outgoing.end(url.startsWith("/short") ? TEXT.slice(0, 1_500) : TEXT);
  });
  const example = page.example(name, { "localhost:3000": `127.0.0.1:${origin.port}` });
  const text = `[server]\nlisten = "127.0.0.1:0"\n${example}`;
  const port = await StartProcess.launch(onTestFinished, text, {}, ["serve"]).gatewayPort();
  return (path, accepted, type = "text/html") =>
    exchange(port, { host: "a", path, headers: { "accept-encoding": accepted, "x-type": type } });
}

const codingOf = ({ headers }: Exchange): string | undefined => headers["content-encoding"];

test("the table turns compression on: zstd or gzip, and no Brotli", async () => {
  const ask = await served("table");
  const got = await ask("/", "gzip, deflate, br");
  expect(gunzipSync(got.body).toString()).toBe(TEXT);
  expect(got.headers).toMatchObject({ vary: "Accept-Encoding", etag: page.quoted('W/"abc.postern-gzip"') });
  expect(codingOf(await ask("/", "gzip, deflate, br, zstd"))).toBe("zstd");
  expect(codingOf(await ask("/", "br"))).toBeUndefined();
  expect(codingOf(await ask("/", "*"))).toBe("gzip");
});

test("codings, types and sizes are chosen", async () => {
  const ask = await served("choice");
  expect(codingOf(await ask("/", "gzip, br"))).toBe("br");
  expect(codingOf(await ask("/", "gzip", "application/problem+json"))).toBe("gzip");
  expect(codingOf(await ask("/", "gzip", "image/svg+xml"))).toBeUndefined();
  expect(codingOf(await ask("/short", "gzip"))).toBeUndefined();
});

test("a route without the table compresses nothing", async () => {
  const ask = await served("exclusion");
  expect(codingOf(await ask("/", "gzip"))).toBe("gzip");
  const got = await ask("/account/settings", "gzip");
  expect([codingOf(got), got.headers.vary, got.body.toString()]).toEqual([undefined, undefined, TEXT]);
});
