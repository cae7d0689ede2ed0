import { expect, onTestFinished, test } from "vitest";
import { ProcessBaseline, Published, ScriptedOrigin, until, type Wire } from "@postern/testkit";

const PIECES = 100;
const PIECE = 1_000_000;
/** What the kernel takes for two sockets, and the collector has not got to: far less than the flood. */
const MOST_PIECES = 30;
const MOST_GROWTH = 40_000_000;

/** Sends this request for ever, or until nobody takes it any more. Returns how many pieces of it were taken. */
async function flood(wire: Wire, request: string): Promise<number> {
  const piece = request.repeat(PIECE / request.length);
  let taken = 0;
  for (let sent = 0; sent < PIECES; sent += 1) wire.socket.write(piece, () => (taken += 1));
  let [before, still] = [0, 0];
  await until("nothing more to be taken", () => {
    still = taken === before ? still + 1 : 0;
    before = taken;
    return still === 30;
  });
  return taken;
}

test("what a visitor sends ahead is not read before its turn, also when its turn has come once", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, script.port);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${published.host}\r\n\r\n`;
  const wire = await published.wire(onTestFinished);
  wire.write(get("/first") + get("/second") + get("/third").repeat(10));
  (await script.wire("GET /first")).write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
  await wire.read("\r\n\r\nfirst");
  await script.wire("GET /second");

  const baseline = ProcessBaseline.take(published.server.program);
  expect(await flood(wire, get("/ahead"))).toBeLessThan(MOST_PIECES);
  expect(baseline.growth).toBeLessThan(MOST_GROWTH);
});

test("a visitor that reads none of the server's own answers gets no more of them, and the rest when it reads on", async () => {
  const script = await ScriptedOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, script.port);
  const wire = await published.wire(onTestFinished);
  wire.socket.pause();
  const baseline = ProcessBaseline.take(published.server.program);
  const unknown = `GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n`;
  expect(await flood(wire, unknown)).toBeLessThan(MOST_PIECES);
  expect(baseline.growth).toBeLessThan(MOST_GROWTH);

  wire.socket.resume();
  await until("many more answers", () => wire.bytes > 20_000_000);
  expect(wire.text.slice(0, 20_000_000).match(/^HTTP\/1\.1 (?!404 Not Found)/m)).toBeNull();
});
