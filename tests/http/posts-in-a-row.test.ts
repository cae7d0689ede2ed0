import { Agent } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { echoed, exchange, Published, startEchoOrigin, until } from "@postern/testkit";

/** More than a session has streams, and sent well before the first of them would have been idle for too long. */
const POSTS = 3_000;
const VISITORS = 16;

test("requests that each need a fresh stream don't use up the session with the streams they leave behind", async () => {
  const echo = await startEchoOrigin(onTestFinished);
  const { port, host } = await Published.start(onTestFinished, echo.port);
  const agent = new Agent({ keepAlive: true, maxSockets: VISITORS });
  onTestFinished(() => agent.destroy());
  let sent = 0;
  const visitor = async (): Promise<void> => {
    while (sent < POSTS) {
      const path = `/post/${(sent += 1)}`;
      expect(echoed(await exchange(port, { host, agent, path, method: "POST", body: "x" })).url).toBe(path);
    }
  };
  await Promise.all(Array.from({ length: VISITORS }, visitor));
  await until("no more connections to the service than there were visitors", () => echo.connections <= VISITORS);
});
