import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, exchange, StartProcess, until, Wire, type Exchange } from "@postern/testkit";

const GIB = 2 ** 30;
const SIZE = 5 * GIB;
const EDGE = 2 ** 32;
const HOST = "a.example";
const MB = 1_000_000;

const cleanup = new Cleanup();
let gateway: StartProcess;
let port: number;

beforeAll(async () => {
  const options = { prepare: (folder: string): void => createSparseFile(join(folder, "huge.bin")) };
  const configuration = '[static_config]\ndirectory = "."\n';
  const command = ["serve", "--listen", "127.0.0.1:0"];
  gateway = StartProcess.launch(cleanup.defer, configuration, {}, command, options);
  port = await gateway.gatewayPort();
});
afterAll(() => cleanup.run());

/** A file of zeros that takes no room on the disk, but for a text across its 4 GiB and one at its end. */
function createSparseFile(path: string): void {
  const file = openSync(path, "w");
  writeSync(file, "edge", EDGE - 2);
  writeSync(file, "the end", SIZE - 7);
  closeSync(file);
  truncateSync(path, SIZE);
}

function ask(method: string, range?: string): Promise<Exchange> {
  return exchange(port, { host: HOST, path: "/huge.bin", method, headers: range === undefined ? {} : { range } });
}

describe("a file of 5 GiB", () => {
  test("has its whole length in Content-Length", async () => {
    const { status, headers } = await ask("HEAD");
    expect([status, headers["content-length"], headers["accept-ranges"]]).toEqual([200, String(SIZE), "bytes"]);
  });

  test.for([
    ["its last bytes", `bytes=${SIZE - 7}-${SIZE - 1}`, `${SIZE - 7}-${SIZE - 1}`, "the end"],
    ["an open range", `bytes=${SIZE - 3}-`, `${SIZE - 3}-${SIZE - 1}`, "end"],
    ["a suffix", "bytes=-7", `${SIZE - 7}-${SIZE - 1}`, "the end"],
    ["a range across 4 GiB", `bytes=${EDGE - 2}-${EDGE + 1}`, `${EDGE - 2}-${EDGE + 1}`, "edge"],
    ["a range that ends after the file", `bytes=${SIZE - 3}-${2 * SIZE}`, `${SIZE - 3}-${SIZE - 1}`, "end"],
  ] as const)("sends %s", async ([, range, sent, body]) => {
    const response = await ask("GET", range);
    expect([response.status, response.headers["content-range"], String(response.body)]).toEqual([
      206,
      `bytes ${sent}/${SIZE}`,
      body,
    ]);
  });

  test("sends several ranges on both sides of 4 GiB", async () => {
    const { status, body } = await ask("GET", `bytes=0-1,${EDGE - 2}-${EDGE + 1},-3`);
    expect(status).toBe(206);
    for (const text of [`bytes ${EDGE - 2}-${EDGE + 1}/${SIZE}\r\n\r\nedge\r\n`, `/${SIZE}\r\n\r\nend\r\n`])
      expect(String(body)).toContain(text);
  });

  test("has no range after its end", async () => {
    const { status, headers } = await ask("GET", `bytes=${SIZE}-`);
    expect([status, headers["content-range"]]).toEqual([416, `bytes */${SIZE}`]);
  });

  test("is read no further when its visitor leaves", async () => {
    const wire = await Wire.dial(onTestFinished, port);
    wire.write(`GET /huge.bin HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until("some of it", () => wire.bytes > 50 * MB);
    wire.reset();
    const { data } = await gateway.program.waitFor("the end of the request", () =>
      gateway.events.find((event) => event.type === "http_request" && event.data["ended"] === "visitor_left"),
    );
    expect(data).toMatchObject({ path: "/huge.bin", status: 200 });
    expect(data["bytes_out"]).toBeLessThan(GIB);
    expect((await ask("GET", "bytes=-7")).body.toString()).toBe("the end");
  });
});
