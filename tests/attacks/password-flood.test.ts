import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup, exchange, Origin, scratchFolder, StartProcess, type Exchange } from "@postern/testkit";

/** `right`, with a cost at which a check takes more than a second. */
const EXPENSIVE = "$2b$14$kUFpNBidZkpkxKjNZ3dor.8jZfAUqpEJwFQgMjQAQLZOwkB4Fz6oa";
/** `right`, by SHA-1. */
const CHEAP = "{SHA}0nofEXcSAJSXFLGvmfBIpBb11vQ=";

const cleanup = new Cleanup();
let origin: Origin;
let port: number;
let process: StartProcess;

beforeAll(async () => {
  origin = await Origin.start(cleanup.defer, (_, outgoing) => void outgoing.end("origin"));
  const folder = scratchFolder(cleanup.defer);
  const route = (path: string, users: string): string => {
    writeFileSync(join(folder, path), `ann:${users}\n`, { mode: 0o600 });
    return `[[proxy]]\npath = "/${path}"\ntarget = "http://127.0.0.1:${origin.port}"\naccess.basic_auth = "${join(folder, path)}"\n`;
  };
  const open = `[[proxy]]\npath = "/open"\nrespond = { status = 200, text = "open" }\n`;
  const file = `[server]\nlisten = "127.0.0.1:0"\n${route("expensive", EXPENSIVE)}${route("cheap", CHEAP)}${open}`;
  process = StartProcess.launch(cleanup.defer, file, {}, ["serve"]);
  port = await process.gatewayPort();
});
afterAll(() => cleanup.run());

const ask = (path: string, password: string, from = "127.0.0.1"): Promise<Exchange> =>
  exchange(port, {
    host: "a",
    path,
    from,
    headers: { authorization: `Basic ${Buffer.from(`ann:${password}`).toString("base64")}` },
  });

test("requests of others do not wait for passwords that are being checked", async () => {
  let answered = 0;
  const checks = Array.from({ length: 4 }, async (_, n) => {
    const { status } = await ask("/expensive", `wrong ${n}`, `127.0.1.${n + 1}`);
    answered++;
    return status;
  });
  for (let n = 0; n < 30; n++) expect((await exchange(port, { host: "a", path: "/open" })).status).toBe(200);
  expect(answered).toBe(0);
  expect(await Promise.all(checks)).toEqual([401, 401, 401, 401]);
});

test("a thousand wrong passwords from hundreds of addresses: the target sees none, and the right one still gets in", async () => {
  const outcomes = new Map<string, number>();
  const attack = async (n: number): Promise<void> => {
    const { status, headers } = await ask("/cheap", `wrong ${n}`, `127.0.2.${1 + (n % 250)}`);
    const outcome = `${status} ${String(headers["postern-error"])}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  for (let n = 0; n < 1_000; n += 50) await Promise.all(Array.from({ length: 50 }, (_, more) => attack(n + more)));
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(1_000);
  for (const outcome of outcomes.keys())
    expect(["401 PN_ACCESS_PASSWORD", "429 PN_ACCESS_FAILURES", "503 PN_ACCESS_BUSY"]).toContain(outcome);
  expect(origin.requests).toHaveLength(0);
  expect((await ask("/cheap", "right")).status).toBe(200);
  expect(process.program.stderr).not.toMatch(/fault|uncaught|unhandled|wrong \d/i);
});
