import { describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { DEFAULT_OWNER_LIMITS, Owners } from "./owners.js";
import type { Holder } from "../names/lease.js";
import type { Tunnel } from "../tunnels/tunnel.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

/** Binds `name` without a session. */
function occupy({ registry }: SessionDependencies, name: string, holder: Partial<Holder> = {}): Tunnel {
  const tunnel = { name, epoch: 0, checkAlive() {} } as unknown as Tunnel;
  registry.add(tunnel, { owner: "ann", instance: undefined, ...holder });
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

test("binds and checks beyond the rate of an owner are refused with a time to retry", async () => {
  const owners = new Owners({ ...DEFAULT_OWNER_LIMITS, bindRate: 2 }, () => 0);
  const peer = new ScriptedPeer(sessionDependencies({ owners }));
  await peer.login([]);
  const { code, message, retryable } = { code: "PN_OWNER_BIND_RATE", ...ERRORS.PN_OWNER_BIND_RATE };
  expect(await peer.ask({ type: "bind", bind: 1, subdomain: "one" })).toMatchObject({ type: "bound" });
  expect(await peer.ask({ type: "check", check: 1, subdomain: "www" })).toMatchObject({ code: "PN_NAME_RESERVED" });
  const refusal = { type: "error", code, message, retryable, retry_after_ms: expect.any(Number) as number };
  expect(await peer.ask({ type: "bind", bind: 2, subdomain: "two" })).toEqual({ ...refusal, bind: 2 });
  expect(await peer.ask({ type: "check", check: 2, subdomain: "two" })).toEqual({ ...refusal, check: 2 });
});

test("the refusal of a name's length states the operator's limits", async () => {
  const bind = { type: "bind", bind: 1, subdomain: "ab" } as const;
  const strict = new ScriptedPeer(sessionDependencies({ nameRules: { reserved: [], shortest: 3, longest: 20 } }));
  await strict.login([]);
  const detail = "this server accepts names of 3 to 20 characters";
  expect(await strict.ask(bind)).toMatchObject({ code: "PN_NAME_INVALID", detail });
  const usual = new ScriptedPeer(sessionDependencies());
  await usual.login([]);
  expect(await usual.ask({ ...bind, subdomain: "-" })).not.toHaveProperty("detail");
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
