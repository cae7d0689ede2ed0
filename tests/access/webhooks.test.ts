import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup, exchange, Origin, StartProcess, type Exchange } from "@postern/testkit";

const SECRET = "canary-secret";
const cleanup = new Cleanup();
let origin: Origin;
let served: StartProcess;
let port: number;
/** The bodies that the origin got, and their framing. */
const seen: { body: Buffer; framing: string; expect: string | undefined }[] = [];

beforeAll(async () => {
  origin = await Origin.start(cleanup.defer, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { headers } = incoming;
      const framing = headers["transfer-encoding"] ?? headers["content-length"] ?? "none";
      seen.push({ body: Buffer.concat(chunks), framing, expect: headers.expect });
      outgoing.end("origin");
    });
  });
  const file = `[server]
listen = "127.0.0.1:0"
[[proxy]]
path = "/github"
target = "http://127.0.0.1:${origin.port}"
[proxy.access.webhook]
kind = "github"
secret = ["old", "\${HOOK_SECRET}"]
max_size = "100KB"
`;
  served = StartProcess.launch(cleanup.defer, file, { HOOK_SECRET: SECRET }, ["serve"]);
  port = await served.gatewayPort();
});
afterAll(() => cleanup.run());

function send(body: Buffer, headers: Record<string, string>, secret = SECRET): Promise<Exchange> {
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const all = { "x-hub-signature-256": signature, ...headers };
  return exchange(port, { host: "a.test", path: "/github", method: "POST", headers: all, body });
}

/** Bytes that no text has. */
const body = Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * 7 + (n >> 8)) & 255));

test.each<[string, Record<string, string>]>([
  ["with a length", { "content-length": String(body.length) }],
  ["in chunks", { "transfer-encoding": "chunked" }],
  ["after 100 Continue", { "content-length": String(body.length), expect: "100-continue" }],
])("a signed body %s reaches the origin byte for byte", async (name, headers) => {
  seen.length = 0;
  const { status } = await send(body, headers);
  expect(status).toBe(200);
  const [request] = seen;
  expect(request!.body.equals(body)).toBe(true);
  expect(request!.framing).toBe(name === "in chunks" ? "chunked" : String(body.length));
  expect(request!.expect).toBeUndefined();
});

test("with an older secret that is still valid, it reaches the origin as well", async () => {
  expect((await send(body, {}, "old")).status).toBe(200);
});

test("without a valid signature, nothing reaches the origin: the owner learns why, and the sender does not", async () => {
  seen.length = 0;
  const refused = [
    await send(body, {}, "other"),
    await send(body, { "x-hub-signature-256": "sha256=00" }),
    await exchange(port, { host: "a.test", path: "/github", method: "POST", body }),
    await exchange(port, { host: "a.test", path: "/github" }),
  ];
  const pages = refused.map(({ body: page, headers }) => page.toString().replace(String(headers["x-request-id"]), ""));
  expect(refused.map(({ status, headers }) => [status, headers["postern-error"]])).toEqual(
    refused.map(() => [401, "PN_ACCESS_SIGNATURE"]),
  );
  expect(new Set(pages).size).toBe(1);
  expect(seen).toEqual([]);
  expect(origin.requests.filter(({ headers }) => headers["x-hub-signature-256"] === undefined)).toEqual([]);
  for (const reason of ["no secret of the route", "does not have the form", "there is no header X-Hub-Signature-256"])
    await served.program.waitFor(reason, () => served.program.output.includes(reason) || undefined);
  expect(served.program.output).toContain("A webhook for /github from 127.0.0.1 was refused");
  expect(served.program.output).not.toContain("canary");
});

test("a body above the limit gets 413, and nothing reaches the origin", async () => {
  seen.length = 0;
  const large = Buffer.alloc(100_001);
  for (const headers of [{ "content-length": "100001" }, { "transfer-encoding": "chunked" }])
    expect((await send(large, headers)).status).toBe(413);
  expect(seen).toEqual([]);
});
