import { expect, onTestFinished, test } from "vitest";
import { Published, ServerProcess, startEchoOrigin, until, type Program } from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { finding, secondsSince, sized } from "./size.ts";

/** The duration of a suspension in milliseconds. In the full run it is longer than any heartbeat. */
const HELD = sized(60_000, 3_000);

/** Suspends a process, as closing a laptop does. The elapsed time is the fault itself. */
async function hold(program: Program): Promise<void> {
  program.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, HELD));
  program.signal("SIGCONT");
}

test("a server that is suspended and resumed serves its tunnels under the same names", async (context) => {
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, { subdomain: "held" });
  const { server, client } = published;
  const check = await ClosingCheck.begin(onTestFinished, undefined, server.program, client.program);
  await hold(server.program);
  const start = performance.now();
  await until("the tunnel to serve", async () => (await published.visit("/")).status === 200, { timeout: 90_000 });
  finding(context, `suspended for ${HELD / 1_000} s, served again ${secondsSince(start)} after it resumed`);
  expect(client.url.hostname).toBe("held.localhost");
  await check.pass();
});

test("a client that is suspended and resumed recovers its name; another tunnel is not affected", async (context) => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, { server, subdomain: "asleep" });
  const { client } = published;
  const check = await ClosingCheck.begin(onTestFinished, server, server.program, client.program);
  await hold(client.program);
  const start = performance.now();
  await until("the tunnel to serve", async () => (await published.visit("/")).status === 200, { timeout: 90_000 });
  finding(context, `suspended for ${HELD / 1_000} s, served again ${secondsSince(start)} after it resumed`);
  expect(client.url.hostname).toBe("asleep.localhost");
  await check.pass();
});

test("a server that is killed and restarted gets its tunnels back under their names", async (context) => {
  const server = await ServerProcess.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, { server, subdomain: "killed" });
  const { client } = published;
  const check = await ClosingCheck.begin(onTestFinished, undefined, client.program);
  for (let time = 1; time <= sized(5, 3); time += 1) {
    await server.program.kill();
    await server.restart();
    const start = performance.now();
    // The longer the server stays down, the less often the client tries to reconnect.
    await until("the tunnel to be back", () => client.count("tunnel_established") > time, { timeout: 60_000 });
    finding(context, `kill ${time}: tunnel back ${secondsSince(start)} after the server`);
    expect((await published.visit("/")).status).toBe(200);
  }
  expect(client.url.hostname).toBe("killed.localhost");
  await check.pass();
});
