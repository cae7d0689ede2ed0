import { connect, type TunnelHandle } from "@postern/client";
import {
  ClientProcess,
  startEchoOrigin,
  ServerProcess,
  SteadyVisitor,
  TEST_KEY,
  until,
  type Defer,
} from "@postern/testkit";
import { CuttableWay } from "../sessions/cuttable-way.ts";

/** How many clients of this process log in at once, at the beginning. */
const AT_ONCE = 40;

export interface Comeback {
  /** Milliseconds from the cut until the last client had its tunnel again. */
  time: number;
  /** Attempts in each second from the cut on, until the last client was there. */
  attempts: number[];
  /** Milliseconds that the visitor of a tunnel beside waited at most, before the cut and after it. */
  longestBefore: number;
  longestAfter: number;
}

/**
 * So many clients on one server, all from one address, lose their connections at the same moment. All of them come back, and a tunnel
 * beside them serves every request meanwhile.
 */
export async function comeback(defer: Defer, count: number): Promise<Comeback> {
  const server = await ServerProcess.start(defer);
  const echo = await startEchoOrigin(defer);
  const beside = await ClientProcess.start(defer, { server, target: echo.port, subdomain: "beside" });
  const way = await CuttableWay.start(defer, server.port);

  const tunnels: TunnelHandle[] = [];
  let next = 0;
  let established = 0;
  const open = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++)
      tunnels[at] = await connect({
        server: way.url,
        apiKey: TEST_KEY,
        subdomain: `back-${at}`,
        local: echo.port,
        onEvent: ({ type }) => (established += type === "tunnel_established" ? 1 : 0),
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  defer(async () => void (await Promise.all(tunnels.map((tunnel) => tunnel.close()))));

  const steady = await SteadyVisitor.start(defer, server.port, beside.host);
  await until("the visitor to be served for a while", () => steady.served > 50);
  const longestBefore = steady.longest;
  steady.longest = 0;
  way.arrivals.length = 0;
  const cutAt = performance.now();
  way.cut();
  await until("all to be back", () => established === 2 * count, {
    timeout: 60_000,
    details: () => `${established - count} of ${count} are back`,
  });
  const time = performance.now() - cutAt;
  const longestAfter = steady.longest;
  await steady.everyTime();

  const attempts = Array.from({ length: Math.ceil(time / 1_000) }, () => 0);
  for (const at of way.arrivals) attempts[Math.floor((at - cutAt) / 1_000)]! += 1;
  return { time, attempts, longestBefore, longestAfter };
}
