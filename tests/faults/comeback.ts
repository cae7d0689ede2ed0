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
import { CuttableLink } from "../sessions/cuttable-link.ts";

/** Concurrent logins of this process at the start. */
const AT_ONCE = 40;

export interface Comeback {
  /** Milliseconds from the reset to the last client's new tunnel. */
  time: number;
  /** Attempts in each second from the reset to the last client's return. */
  attempts: number[];
  /** The longest wait of a visitor of another tunnel, in milliseconds, before and after the reset. */
  longestBefore: number;
  longestAfter: number;
}

/**
 * Resets the connections of `count` clients of one address at the same moment, and waits for their return. Another
 * tunnel serves every request during that time.
 */
export async function comeback(defer: Defer, count: number): Promise<Comeback> {
  const server = await ServerProcess.start(defer);
  const echo = await startEchoOrigin(defer);
  const beside = await ClientProcess.start(defer, { server, target: echo.port, subdomain: "beside" });
  const link = await CuttableLink.start(defer, server.port);

  const tunnels: TunnelHandle[] = [];
  let next = 0;
  let established = 0;
  const open = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++)
      tunnels[at] = await connect({
        server: link.url,
        apiKey: TEST_KEY,
        subdomain: `back-${at}`,
        local: echo.port,
        onEvent: ({ type }) => (established += type === "tunnel_established" ? 1 : 0),
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  defer(async () => void (await Promise.all(tunnels.map((tunnel) => tunnel.close()))));

  const steady = await SteadyVisitor.start(defer, server.port, beside.host);
  await until("the visitor to be served 50 times", () => steady.served > 50);
  const longestBefore = steady.longest;
  steady.longest = 0;
  link.arrivals.length = 0;
  const cutAt = performance.now();
  link.cut();
  await until("all clients to reconnect", () => established === 2 * count, {
    timeout: 60_000,
    details: () => `${established - count} of ${count} are back`,
  });
  const time = performance.now() - cutAt;
  const longestAfter = steady.longest;
  await steady.stopAndCheck();

  const attempts = Array.from({ length: Math.ceil(time / 1_000) }, () => 0);
  for (const at of link.arrivals) attempts[Math.floor((at - cutAt) / 1_000)]! += 1;
  return { time, attempts, longestBefore, longestAfter };
}
