import { createHash } from "node:crypto";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  exchange,
  patternHash,
  patternStream,
  ProcessBaseline,
  Published,
  startBulkOrigin,
  SteadyVisitor,
  type UploadReceipt,
} from "@postern/testkit";

/** One gigabyte, the size that a tunnel must carry without a wrong bit. */
const SIZE = 1_000_000_000;

const cleanup = new Cleanup();
let published: Published;
let expected: string;

beforeAll(async () => {
  published = await Published.start(cleanup.defer, (await startBulkOrigin(cleanup.defer)).port);
  expected = patternHash(SIZE);
}, 60_000);
afterAll(() => cleanup.run());

test.for([
  ["with a length", `/?bytes=${SIZE}`],
  ["in chunks", `/?bytes=${SIZE}&chunked`],
])("a gigabyte comes down %s without a wrong bit", { timeout: 120_000 }, async ([, path]) => {
  const baselines = [published.server.program, published.client.program].map((program) =>
    ProcessBaseline.take(program),
  );
  const hash = createHash("sha256");
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    const asking = request({
      port: published.port,
      host: "127.0.0.1",
      path,
      headers: { host: published.host },
      agent: false,
    });
    asking.on("error", reject);
    asking.on("response", (answer) => {
      answer.on("data", (piece: Buffer) => {
        hash.update(piece);
        bytes += piece.length;
      });
      answer.on("error", reject);
      answer.on("end", resolve);
    });
    asking.end();
  });
  expect([bytes, hash.digest("hex")]).toEqual([SIZE, expected]);
  for (const baseline of baselines) await baseline.regained();
});

test("a gigabyte goes up without a wrong bit", { timeout: 120_000 }, async () => {
  const baselines = [published.server.program, published.client.program].map((program) =>
    ProcessBaseline.take(program),
  );
  const receipt = await new Promise<UploadReceipt>((resolve, reject) => {
    const headers = { host: published.host, "content-length": SIZE };
    const sending = request({ port: published.port, host: "127.0.0.1", method: "PUT", headers, agent: false });
    sending.on("response", (answer) => {
      const text: string[] = [];
      answer.setEncoding("utf8").on("data", (piece: string) => text.push(piece));
      answer.on("end", () => resolve(JSON.parse(text.join("")) as UploadReceipt));
    });
    pipeline(patternStream(SIZE), sending).catch(reject);
  });
  expect(receipt).toEqual({ bytes: SIZE, sha256: expected });
  for (const baseline of baselines) await baseline.regained();
});

test("beside a download and an upload small requests are served, every one", { timeout: 120_000 }, async () => {
  const half = SIZE / 4;
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const [down, up] = await Promise.all([
    published.visit(`/?bytes=${half}`),
    exchange(published.port, { host: published.host, method: "POST", body: patternStream(half) }),
  ]);
  const hash = patternHash(half);
  expect(createHash("sha256").update(down.body).digest("hex")).toBe(hash);
  expect(JSON.parse(up.body.toString())).toEqual({ bytes: half, sha256: hash });
  await steady.everyTime();
});
