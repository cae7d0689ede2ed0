import type { Process } from "../process.ts";
import type { Row } from "../row.ts";
import { startServer, type PosternServer } from "../setups/postern.ts";
import type { Stage } from "../stage.ts";
import { idleGrowth, idleLine, type IdleGrowth } from "./idle-growth.ts";

const BAR = 10 * 1024;
const TOGETHER = 16;
/** The time after the last login until the temporary state of the logins is released. */
const SETTLE_MS = 2000;

/** The server's memory for an idle session. */
export const idleSessions: Row = {
  name: "idle-sessions",
  about: "server memory for each of 2,000 idle sessions",
  needs: [],
  limit: (settings) => 60 + settings.rounds * 90,
  run: async (stage, settings) => {
    const count = settings.quick ? 500 : 2000;
    const rounds: IdleGrowth[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      const server = await startServer(stage, settings, { inspect: true });
      const load = { count, first: 1000, settleMs: SETTLE_MS, hold: (of: number) => hold(stage, server, of) };
      rounds.push(await idleGrowth(stage, server, load));
    }
    return [idleLine(`${count.toLocaleString("en")} idle sessions`, rounds, BAR)];
  },
};

async function hold(stage: Stage, server: PosternServer, count: number): Promise<Process> {
  const settings = { server: `http://${server.address}`, local: "127.0.0.1:9", count, together: TOGETHER };
  const driver = stage.script("idle-sessions", settings, { env: { POSTERN_API_KEY: server.key } });
  await driver.report();
  return driver;
}
