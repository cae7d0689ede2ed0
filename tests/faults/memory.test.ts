import { expect, onTestFinished, test } from "vitest";
import { ServerProcess, until, Wire, type WireEnd } from "@postern/testkit";
import { startNeighbour } from "./neighbour.ts";
import { finding } from "./size.ts";

/** A heap of about 40 MB. */
const LITTLE_MEMORY = { NODE_OPTIONS: "--max-old-space-size=38 --max-semi-space-size=1" };
const MOST = 12_000;

test("a server that is short of memory closes idle connections and keeps serving", async (context) => {
  const server = await ServerProcess.start(onTestFinished, { env: LITTLE_MEMORY });
  const neighbour = await startNeighbour(onTestFinished, server);
  const isShort = (): boolean => server.program.output.includes("memory is low: idle connections are closed");
  const visit = async (response: string): Promise<Wire> => {
    const wire = await Wire.dial(onTestFinished, server.port);
    wire.write("GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n");
    await wire.read(response);
    return wire;
  };
  const crowd: Wire[] = [];
  // As browsers do, a visitor closes its side when the server has closed the other one.
  const stay = (wire: Wire): void => {
    crowd.push(wire);
    wire.socket.on("end", () => wire.finish());
  };
  while (!isShort() && crowd.length < MOST)
    (await Promise.all(Array.from({ length: 50 }, () => visit("404")))).forEach(stay);
  finding(context, `memory ran low with ${crowd.length} idle connections`);
  const isEnough = (): boolean => server.program.output.includes("memory is sufficient again");
  const ended = (how: WireEnd): number => crowd.filter(({ end }) => end === how).length;
  // The server closes no more of them than it needs to, and V8 decides when it frees the memory of the closed ones.
  await until(
    "idle connections to be closed until there is enough memory",
    () => ended("end") > 0 && (isEnough() || ended("open") === 0),
    { details: () => `${ended("open")} of ${crowd.length} are open\n${server.program.output.slice(-2_000)}` },
  );
  expect(ended("reset")).toBe(0);
  // V8 frees the memory of the closed connections only when it needs memory for others.
  for (let visits = 0; !isEnough() && visits < MOST; visits++) (await visit("HTTP/1.1 ")).socket.destroy();
  await until("enough memory to be reported", isEnough);
  await neighbour.moreServed();
  await neighbour.stopAndCheck();
  expect(server.program.exit).toBeUndefined();
});
