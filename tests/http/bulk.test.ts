import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  download,
  exchange,
  patternHash,
  patternStream,
  ProcessBaseline,
  Published,
  startBulkOrigin,
  SteadyVisitor,
  type UploadReceipt,
} from "@postern/testkit";

const WHOLE = 1_000_000_000;
const PART = WHOLE / 5;

const cleanup = new Cleanup();
let published: Published;
let baselines: ProcessBaseline[];

beforeAll(async () => {
  published = await Published.start(cleanup.defer, (await startBulkOrigin(cleanup.defer)).port);
  baselines = [published.server.program, published.client.program].map((program) => ProcessBaseline.take(program));
});
afterAll(() => cleanup.run());

test("a gigabyte is downloaded without a wrong bit", { timeout: 180_000 }, async () => {
  expect(await download(published.port, published.host, `/?bytes=${WHOLE}`)).toEqual({
    bytes: WHOLE,
    sha256: patternHash(WHOLE),
  });
});

test("a chunked response of unknown length is downloaded without a wrong bit", { timeout: 120_000 }, async () => {
  expect(await download(published.port, published.host, `/?bytes=${PART}&chunked`)).toEqual({
    bytes: PART,
    sha256: patternHash(PART),
  });
});

test("a gigabyte is uploaded without a wrong bit", { timeout: 180_000 }, async () => {
  const receipt = await new Promise<UploadReceipt>((resolve, reject) => {
    const headers = { host: published.host, "content-length": WHOLE };
    const sending = request({ port: published.port, host: "127.0.0.1", method: "PUT", headers, agent: false });
    sending.on("response", (response) => {
      const text: string[] = [];
      response.setEncoding("utf8").on("data", (piece: string) => text.push(piece));
      response.on("end", () => resolve(JSON.parse(text.join("")) as UploadReceipt));
    });
    pipeline(patternStream(WHOLE), sending).catch(reject);
  });
  expect(receipt).toEqual({ bytes: WHOLE, sha256: patternHash(WHOLE) });
});

test("every small request during a download and an upload is served", { timeout: 120_000 }, async () => {
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const [down, up] = await Promise.all([
    download(published.port, published.host, `/?bytes=${PART}`),
    exchange(published.port, { host: published.host, method: "POST", body: patternStream(PART) }),
  ]);
  const whole = { bytes: PART, sha256: patternHash(PART) };
  expect(down).toEqual(whole);
  expect(JSON.parse(up.body.toString())).toEqual(whole);
  await steady.stopAndCheck();
});

test("afterwards server and client hold no more resources than before", async () => {
  for (const baseline of baselines) await baseline.restored();
});
