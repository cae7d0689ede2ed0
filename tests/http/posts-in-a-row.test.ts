import { Agent } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { echoed, exchange, Published, startEchoOrigin, until } from "@postern/testkit";

/** More requests than the streams of a session, sent well before the first idle stream times out. */
const POSTS = 3_000;
const VISITORS = 16;

test("requests that each need a new stream do not fill the session with idle streams", async () => {
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
  await until("no more connections to the service than visitors", () => echo.connections <= VISITORS);
});
