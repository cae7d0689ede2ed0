import { describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import type { Holder } from "../names/lease.js";
import type { Tunnel } from "../tunnels/tunnel.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

/** Binds `name` without a session. */
function occupy({ registry }: SessionDependencies, name: string, holder: Partial<Holder> = {}): Tunnel {
  const tunnel = { name, epoch: 0, checkAlive() {} } as unknown as Tunnel;
  registry.add(tunnel, { owner: "ann", instance: undefined, ...holder }, () => {});
  return tunnel;
}

/** For each limit: how it is reached, and the `bind` that exceeds it. */
const LIMITS: Partial<Record<ErrorCode, (peer: ScriptedPeer, dependencies: SessionDependencies) => Promise<object>>> = {
  async PN_SESSION_TUNNEL_LIMIT(peer) {
    for (let bind = 0; bind < SERVER_LIMITS.tunnelsPerSession; bind++)
      expect(await peer.ask({ type: "bind", bind, subdomain: `n${bind}` })).toMatchObject({ type: "bound", bind });
    return { subdomain: "one-more" };
  },
  async PN_SERVER_TUNNEL_LIMIT(_, dependencies) {
    occupy(dependencies, "other-1", { owner: "bob" });
    occupy(dependencies, "other-2", { owner: "bob" });
    return { subdomain: "one-more" };
  },
  async PN_NAME_SESSION_LIMIT(_, dependencies) {
    for (let n = 0; n < SERVER_LIMITS.sessionsPerName; n++) occupy(dependencies, "shop", { instance: "one" });
    return { subdomain: "shop", instance: "one" };
  },
  async PN_OWNER_NAME_LIMIT(_, dependencies) {
    for (let n = 0; n < SERVER_LIMITS.namesPerOwner; n++)
      dependencies.registry.remove(occupy(dependencies, `n${n}`), "stopped");
    return { subdomain: "one-more" };
  },
};

describe.each(Object.entries(LIMITS))("%s", (code, reach) => {
  const { message, retryable } = ERRORS[code as ErrorCode];
  const start = (): { peer: ScriptedPeer; dependencies: SessionDependencies } => {
    const dependencies = sessionDependencies(code === "PN_SERVER_TUNNEL_LIMIT" ? { maxTunnels: 2 } : {});
    return { peer: new ScriptedPeer(dependencies), dependencies };
  };

  test("is sent to a client that announces limit_codes", async () => {
    const { peer, dependencies } = start();
    expect(await peer.login(["something-else", "limit_codes"])).toMatchObject({ features: ["limit_codes"] });
    const bind = await reach(peer, dependencies);
    expect(await peer.ask({ type: "bind", bind: 99, ...bind })).toEqual({
      type: "error",
      code,
      message,
      retryable,
      bind: 99,
    });
  });

  test.each([[undefined], [[]]])(
    "is PN_TUNNEL_LIMIT with the same message for a client with the features %j",
    async (features) => {
      const { peer, dependencies } = start();
      expect(await peer.login(features)).toMatchObject({ features: [] });
      const bind = await reach(peer, dependencies);
      const expected = { type: "error", code: "PN_TUNNEL_LIMIT", message, retryable: ERRORS.PN_TUNNEL_LIMIT.retryable };
      expect(await peer.ask({ type: "bind", bind: 99, ...bind })).toEqual({ ...expected, bind: 99 });
    },
  );
});

test("a check is refused with the same code as a bind", async () => {
  const dependencies = sessionDependencies({ maxTunnels: 0 });
  const peer = new ScriptedPeer(dependencies);
  await peer.login(["limit_codes"]);
  expect(await peer.ask({ type: "check", check: 3, subdomain: "shop" })).toMatchObject({
    type: "error",
    code: "PN_SERVER_TUNNEL_LIMIT",
    check: 3,
  });
});

test("another session for a name that is served is not another tunnel of the server", async () => {
  const dependencies = sessionDependencies({ maxTunnels: 1 });
  occupy(dependencies, "shop", { instance: "one" });
  const peer = new ScriptedPeer(dependencies);
  await peer.login([]);
  expect(await peer.ask({ type: "bind", bind: 1, subdomain: "shop", instance: "one" })).toMatchObject({
    type: "bound",
  });
});
