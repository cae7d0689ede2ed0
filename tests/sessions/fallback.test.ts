import { connect } from "@postern/client";
import { expect, onTestFinished, test } from "vitest";
import { exchange, Origin, ServerProcess, TEST_KEY, until, Wire } from "@postern/testkit";

test("the client fails over to the next server at once and back to the first when it returns, without breaking open requests", async () => {
  const [home, other] = [await ServerProcess.start(onTestFinished), await ServerProcess.start(onTestFinished)];
  await home.program.kill();
  let drip = (): void => {};
  const origin = await Origin.start(onTestFinished, ({ url }, outgoing) => {
    if (url !== "/slow") return outgoing.end("here");
    outgoing.flushHeaders();
    drip = () => void outgoing.write("drop\n");
  });
  const urls: string[] = [];
  const tunnel = await connect({
    server: home.url,
    fallbacks: [other.url],
    apiKey: TEST_KEY,
    local: origin.port,
    subdomain: "moving",
    connections: 2,
    healthInterval: 500,
    onEvent: ({ type, data }) => type === "tunnel_established" && urls.push(String(data["public_url"])),
  });
  onTestFinished(() => tunnel.close());
  const at = ({ port }: ServerProcess): string => `http://moving.localhost:${port}`;
  expect(urls).toEqual([at(other)]);

  const wire = await Wire.dial(onTestFinished, other.port);
  wire.write("GET /slow HTTP/1.1\r\nHost: moving.localhost\r\n\r\n");
  await wire.read("200 OK");
  drip();
  await wire.read("drop");

  await home.restart();
  await until("the failback to the first server", () => urls.length === 2);
  expect([urls[1], tunnel.url, tunnel.state]).toEqual([at(home), at(home), "connected"]);
  const visit = async (server: ServerProcess): Promise<number> =>
    (await exchange(server.port, { host: "moving.localhost", path: "/" })).status;
  expect(await visit(home)).toBe(200);
  // The request at the other server stays open.
  const before = wire.bytes;
  drip();
  await until("another drop", () => wire.bytes > before);
  wire.reset();

  await home.program.kill();
  await until("the failover to the other server", () => urls.length === 3);
  expect(urls[2]).toBe(at(other));
  await until("the other server to serve", async () => (await visit(other)) === 200);
});
