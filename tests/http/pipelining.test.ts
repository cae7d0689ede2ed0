import { expect, onTestFinished, test } from "vitest";
import { ProcessBaseline, Published, ScriptedOrigin, ServerProcess, until, Wire } from "@postern/testkit";

const PIECES = 100;
const PIECE = 1_000_000;
/** The kernel buffers of two sockets and uncollected garbage: far less than the flood. */
const MAX_PIECES = 30;
const MAX_GROWTH = 40_000_000;

/** Sends this request repeatedly until the socket accepts no more. Returns the number of pieces sent. */
async function flood(wire: Wire, request: string): Promise<number> {
  const piece = request.repeat(PIECE / request.length);
  let taken = 0;
  for (let sent = 0; sent < PIECES; sent += 1) wire.socket.write(piece, () => (taken += 1));
  let [before, still] = [0, 0];
  await until("no more pieces to be sent", () => {
    still = taken === before ? still + 1 : 0;
    before = taken;
    return still === 30;
  });
  return taken;
}

test("pipelined requests are not read before their turn, not even after the first response", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, script.port);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${published.host}\r\n\r\n`;
  const wire = await published.wire(onTestFinished);
  wire.write(get("/first") + get("/second") + get("/third").repeat(10));
  (await script.wire("GET /first")).write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
  await wire.read("\r\n\r\nfirst");
  await script.wire("GET /second");

  const baseline = ProcessBaseline.take(published.server.program);
  expect(await flood(wire, get("/ahead"))).toBeLessThan(MAX_PIECES);
  expect(baseline.growth).toBeLessThan(MAX_GROWTH);
});

test("a trusted proxy that does not read the server's own responses receives the rest when it reads again", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const server = await ServerProcess.start(onTestFinished, { args: ["--trusted-proxies", "127.0.0.1"] });
  const published = await Published.start(onTestFinished, script.port, { server });
  const wire = await published.wire(onTestFinished);
  wire.socket.pause();
  const baseline = ProcessBaseline.take(published.server.program);
  const unknown = `GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n`;
  expect(await flood(wire, unknown)).toBeLessThan(MAX_PIECES);
  expect(baseline.growth).toBeLessThan(MAX_GROWTH);

  wire.socket.resume();
  await until("many more responses", () => wire.bytes > 20_000_000);
  expect(wire.text.slice(0, 20_000_000).match(/^HTTP\/1\.1 (?!404 Not Found)/m)).toBeNull();
});

test("a visitor that pipelines requests without end gets 101 of the server's own responses, and then the end", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const wire = await Wire.dial(onTestFinished, server.port);
  wire.write(`GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n`.repeat(10_000));
  await until("the end", () => wire.end === "end");
  expect(wire.text.match(/^HTTP\/1\.1 404 /gm)).toHaveLength(101);
});
