import { afterAll, beforeAll, expect, test } from "vitest";
import {
  Cleanup,
  download,
  exchange,
  patternHash,
  patternStream,
  ProcessBaseline,
  startBulkOrigin,
  StartProcess,
} from "@postern/testkit";

const BYTES = 1_000_000_000;
/** The heap's young generation and the buffers of one request. */
const MOST_GROWTH = 64 * 1024 * 1024;

const cleanup = new Cleanup();
let port: number;
let baseline: ProcessBaseline;
let sha256: string;

beforeAll(async () => {
  const origin = await startBulkOrigin(cleanup.defer);
  const route = `[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\n`;
  const serve = StartProcess.launch(cleanup.defer, route, {}, ["serve", "--listen", "127.0.0.1:0"]);
  port = await serve.gatewayPort();
  baseline = ProcessBaseline.take(serve.program);
  sha256 = patternHash(BYTES);
});
afterAll(() => cleanup.run());

test("a gigabyte is downloaded through the gateway without a wrong bit", { timeout: 120_000 }, async () => {
  expect(await download(port, "a.example", `/?bytes=${BYTES}`)).toEqual({ bytes: BYTES, sha256 });
});

test("a gigabyte is uploaded through the gateway without a wrong bit", { timeout: 120_000 }, async () => {
  const headers = { "content-length": String(BYTES) };
  const body = patternStream(BYTES);
  const receipt = await exchange(port, { host: "a.example", method: "PUT", headers, body });
  expect(JSON.parse(receipt.body.toString())).toEqual({ bytes: BYTES, sha256 });
});

test("the gateway's memory did not grow with the bodies", () => {
  expect(baseline.peakGrowth).toBeLessThan(MOST_GROWTH);
});
