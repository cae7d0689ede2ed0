import { randomBytes } from "node:crypto";
import {
  Pool,
  PooledTargets,
  StickyCookie,
  STRATEGY_NAMES,
  TARGET_HOST,
  type FinishedRequest,
  type PoolMember,
  type Steps,
  type Strategy,
  type TargetSource,
  type UpstreamRoute,
} from "@postern/gateway";
import { keepNewest } from "@postern/net";
import { SERVER_LIMITS } from "../limits.js";
import { GroupBalance } from "./group-balance.js";
import type { TunnelPolicy } from "../policies/tunnel-policy.js";
import { GroupMember } from "./group-member.js";
import type { Tunnel } from "./tunnel.js";

/** How the clients of a group share the requests. */
export interface GroupOptions {
  readonly strategy: Strategy;
  /** Whether all requests of a visitor go to the same client: by its address, or by a cookie. Default: they do not. */
  readonly sticky?: "address" | "cookie" | undefined;
  /** The key that signs these cookies. Called once for each group. */
  readonly cookieKey: () => string;
  /** The member with this number gets no requests for a while, because its last ones have failed. */
  readonly onEjected?: ((name: string, member: number, reason: string) => void) | undefined;
}

/** Strategies that clients may ask for: all that need no key. */
export const DEFAULT_STRATEGIES: readonly Strategy[] = STRATEGY_NAMES.filter((each) => each !== "hash");

/** Cookies are valid until the server stops. */
export const DEFAULT_GROUP_OPTIONS: GroupOptions = {
  strategy: "least_connections",
  cookieKey: () => randomBytes(32).toString("base64url"),
};

/** When requests are kept from a client that answers pings but does not serve them: as by default in the gateway. */
const EJECTION = {
  failures: 5,
  time: 10_000,
  outliers: { window: 30_000, minRequests: 20, minSuccessRatio: 0.8, maxLatencyRatio: 0 },
} as const;

/** Milliseconds in which the share of a client grows to its weight after it has joined others. */
const SLOW_START = 10_000;

/** The route of a name that several clients serve. */
export class GroupRoute implements UpstreamRoute, TargetSource {
  readonly kind = "upstream";
  readonly hostHeader: UpstreamRoute["hostHeader"] = TARGET_HOST;
  readonly pool: Pool;
  readonly sticky: StickyCookie | undefined;
  readonly #balance: GroupBalance;
  readonly #policy: Pick<TunnelPolicy, "steps"> | undefined;
  #members: readonly GroupMember[] = [];
  /** Those that no session serves now, by instance, the one that left first is first. They may return. */
  readonly #former = new Map<string, GroupMember>();

  constructor(
    name: string,
    { strategy, sticky, cookieKey, onEjected }: GroupOptions,
    policy?: Pick<TunnelPolicy, "steps">,
  ) {
    this.#policy = policy;
    const balance = new GroupBalance(strategy, sticky);
    this.#balance = balance;
    if (sticky === "cookie")
      this.sticky = new StickyCookie({ first: balance, key: cookieKey(), route: `tunnel://${name}`, path: "/*" });
    const pooled = new PooledTargets(
      { ejection: EJECTION, slowStart: SLOW_START },
      undefined,
      ({ upstream }, change) => {
        if (change.kind === "ejected") onEjected?.(name, (upstream as GroupMember).number, change.reason);
      },
    );
    const members = pooled.membersOf([{ target: this, weight: 1 }], () => this.pool.candidates);
    this.pool = new Pool(members, this.sticky ?? balance);
  }

  get steps(): Steps | undefined {
    return this.#policy?.steps;
  }

  /** The clients that serve the name now. Another array after each change. */
  get members(): readonly GroupMember[] {
    return this.#members;
  }

  get targets(): readonly PoolMember[] {
    return this.#members;
  }

  get strategy(): Strategy {
    return this.#balance.strategy;
  }

  set strategy(strategy: Strategy) {
    this.#balance.strategy = strategy;
  }

  add(tunnel: Tunnel): void {
    const { id, instance = id, groupWeight } = tunnel;
    const serving = this.#members.find(({ name }) => name === instance);
    if (serving !== undefined) {
      serving.add(tunnel);
      if (groupWeight === undefined || groupWeight === serving.weight) return;
      serving.weight = groupWeight;
      this.#members = [...this.#members];
      return;
    }
    const member = this.#former.get(instance) ?? new GroupMember(instance, this.#freeNumber(), 1);
    if (groupWeight !== undefined) member.weight = groupWeight;
    this.#former.delete(instance);
    if (this.#members.length > 0) member.upSince = performance.now();
    member.add(tunnel);
    this.#members = this.#members.concat(member);
  }

  remove(tunnel: Tunnel): void {
    const { id, instance = id } = tunnel;
    const member = this.#members.find(({ name }) => name === instance);
    member?.remove(tunnel);
    if (member === undefined || member.isServing) return;
    this.#members = this.#members.filter((each) => each !== member);
    this.#former.set(instance, member);
    keepNewest(this.#former, SERVER_LIMITS.sessionsPerName);
  }

  /** Another client has the name: no request of this route is sent to the members again. */
  clear(): void {
    this.#members = [];
    this.#former.clear();
  }

  /** Call it about once a second. */
  sweep(): void {
    for (const member of this.#former.values()) member.sweep();
  }

  /** Requests for which there was no client are recorded at the first one. */
  onFinished(request: FinishedRequest): void {
    const { upstream } = request;
    const member = upstream instanceof GroupMember ? upstream : this.#members[0];
    member?.onFinished(request);
  }

  #freeNumber(): number {
    const used = new Set([...this.#members, ...this.#former.values()].map(({ number }) => number));
    let number = 1;
    while (used.has(number)) number++;
    return number;
  }
}
