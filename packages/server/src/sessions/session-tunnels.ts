import { randomUUID } from "node:crypto";
import type { Strategy } from "@postern/gateway";
import {
  ERRORS,
  type Bind,
  type Bound,
  type Check,
  type Checked,
  type ErrorCode,
  type Session,
} from "@postern/protocol";
import type { NamePatterns } from "../names/name-patterns.js";
import { DrainingTunnels } from "../tunnels/draining-tunnels.js";
import { sendRequestRecords } from "../tunnels/request-records.js";
import { Tunnel, type TunnelOwner } from "../tunnels/tunnel.js";
import { bindGrant, type Binder, type BindGrant, type BindRefusal } from "./bind-grant.js";
import type { SessionDependencies } from "./session-dependencies.js";
import type { SessionLog } from "./session-log.js";

/**
 * How long finished requests are collected before their records are sent to the client, in milliseconds: if some are
 * listed, and if all are only counted. Each message costs both sides about as much as a dozen requests.
 */
const RECORDS_DELAY = { listed: 50, counted: 500 } as const;
/** The most requests that one message lists. More would hold up the requests that arrive meanwhile. */
const RECORDS_TOGETHER = 8;

/** The tunnels of one session, from `bind` to `unbound`. */
export class SessionTunnels implements TunnelOwner {
  readonly #session: Session;
  readonly #dependencies: SessionDependencies;
  readonly #log: SessionLog;
  /** By number. */
  readonly #tunnels = new Map<number, Tunnel>();
  /** Undefined until there is one. */
  #draining: DrainingTunnels | undefined;
  #lastNumber = 0;
  /** Whether the client knows the message `group`. */
  knowsGroupState = false;

  constructor(session: Session, dependencies: SessionDependencies, log: SessionLog) {
    this.#session = session;
    this.#dependencies = dependencies;
    this.#log = log;
  }

  /** Opens a tunnel. Returns the response, or why there is no tunnel. */
  bind(bind: Bind, binder: Binder): Bound | BindRefusal {
    const grant = this.#grant(bind, binder);
    if ("code" in grant) {
      const about = { name: bind.subdomain?.slice(0, 100), code: grant.code };
      this.#log.repeated.write("warn", "tunnel refused", about);
      return grant;
    }
    const { number, id, name, policy } = this.#open(grant);
    const public_url = this.#dependencies.publicUrl(name);
    const { registry } = this.#dependencies;
    const group = bind.join === true ? { members: registry.memberCount(name), strategy: registry.strategy(name) } : {};
    const words = policy === undefined ? {} : policy.words;
    const isGuarded = Object.keys(words).length > 0;
    const access = isGuarded ? { access: Object.values(words) } : {};
    this.#log.repeated.write("info", "tunnel opened", { name }, { tunnel: id, public_url, ...group, ...access });
    const policies = isGuarded ? { policies: words } : {};
    return { type: "bound", bind: bind.bind, tunnel: number, tunnel_id: id, name, public_url, ...group, ...policies };
  }

  /** Returns the result that a `bind` would have. Opens nothing. */
  check(message: Check, binder: Binder): Checked | BindRefusal {
    const grant = this.#grant(message, binder);
    if ("code" in grant) return grant;
    const { name, requested } = grant;
    // A random name would be different at the bind.
    const named = requested ? { name, public_url: this.#dependencies.publicUrl(name) } : {};
    return { type: "checked", check: message.check, owner: binder.principal.owner, ...named };
  }

  /** Unbinds the tunnel with this number, if it exists, at its client's request. */
  close(number: number): void {
    const tunnel = this.#tunnels.get(number);
    if (tunnel !== undefined) this.#unbind(tunnel, "PN_CLOSED");
  }

  /** Unbinds the tunnels whose names the credential no longer allows. */
  unbindForbidden(allowed: NamePatterns): void {
    for (const tunnel of this.#tunnels.values())
      if (!allowed.allow(tunnel.name)) this.#unbind(tunnel, "PN_NAME_FORBIDDEN");
  }

  /** Unbinds the tunnels with policies that clients may no longer ask for. */
  unbindUnenforced(): void {
    const { policies } = this.#dependencies;
    for (const tunnel of this.#tunnels.values())
      if (tunnel.policy !== undefined && !policies.allows(tunnel.policy.asked))
        this.#unbind(tunnel, "PN_POLICY_FORBIDDEN");
  }

  /** Ends everything that has expired. Call it about once a second. */
  tick(now: number): void {
    for (const tunnel of this.#tunnels.values()) tunnel.sweep(now);
    if (this.#draining === undefined) return;
    const due = this.#draining.due(now);
    if (due.size > 0) this.#session.breakTunnels(due, "PN_NAME_TAKEN_OVER");
    this.#draining.keepOnly(this.#session.tunnelsInUse());
    if (this.#draining.size === 0) this.#draining = undefined;
  }

  retireIdleStreams(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.target.idle.clear(performance.now());
  }

  sendRecords(): void {
    for (const tunnel of this.#tunnels.values()) this.#sendRecords(tunnel);
  }

  /**
   * Stops serving the session's names. A client that dropped is expected to reconnect under each of them. A client that
   * leaves keeps only the names that it requested.
   */
  release(isLeaving: boolean): void {
    for (const tunnel of this.#tunnels.values()) {
      const how = !isLeaving ? "dropped" : tunnel.requested ? "stopped" : "free";
      this.#dependencies.registry.remove(tunnel, how);
    }
  }

  /** Forgets the tunnels of a session that has ended. */
  clear(): void {
    for (const tunnel of this.#tunnels.values()) {
      this.#close(tunnel);
      this.#logClosed(tunnel, {});
    }
    this.#tunnels.clear();
  }

  // ---- TunnelOwner

  onRecords(tunnel: Tunnel): void {
    const delay = tunnel.requests.hasListed ? RECORDS_DELAY.listed : RECORDS_DELAY.counted;
    setTimeout(() => this.#sendSomeRecords(tunnel), delay);
  }

  onReplaced(tunnel: Tunnel): void {
    this.#unbind(tunnel, "PN_NAME_TAKEN_OVER");
  }

  onGroup({ number }: Tunnel, members: number, strategy: Strategy): void {
    if (this.knowsGroupState) this.#session.control({ type: "group", tunnel: number, members, strategy });
  }

  // ---- internals

  #grant(bind: Bind | Check, binder: Binder): BindGrant | BindRefusal {
    // A tunnel without new streams would keep its name from a session that can serve it.
    if (this.#session.draining) return { code: "PN_DRAINING" };
    return bindGrant(bind, binder, this.#tunnels.size, this.#dependencies);
  }

  #open({ name, requested, hostHeader, holder, policies }: BindGrant): Tunnel {
    const tunnel = new Tunnel({
      number: ++this.#lastNumber,
      id: randomUUID(),
      name,
      requested,
      session: this.#session,
      hostHeader,
      counter: this.#dependencies.counter(name, holder.owner),
      requestRecords: this.#dependencies.requestRecords,
      owner: this,
      bandwidth: this.#dependencies.bandwidths?.use(name),
    });
    this.#tunnels.set(tunnel.number, tunnel);
    this.#dependencies.registry.add(tunnel, holder, policies);
    return tunnel;
  }

  #unbind(tunnel: Tunnel, code: ErrorCode): void {
    const { number, requested } = tunnel;
    this.#tunnels.delete(number);
    this.#sendRecords(tunnel);
    tunnel.target.idle.close();
    this.#close(tunnel);
    this.#dependencies.registry.remove(tunnel, requested ? "stopped" : "free");
    // If the client closes a tunnel, its streams have no deadline. If the client loses it, they have one.
    if (code !== "PN_CLOSED" && this.#session.tunnelsInUse().has(number))
      (this.#draining ??= new DrainingTunnels()).add(number, performance.now());
    const { message, retryable } = ERRORS[code];
    this.#session.control({ type: "unbound", tunnel: number, code, message, retryable });
    this.#logClosed(tunnel, { code });
  }

  #close(tunnel: Tunnel): void {
    tunnel.close();
    this.#dependencies.bandwidths?.release(tunnel.name);
  }

  #logClosed({ name, id, repairs }: Tunnel, fields: { code?: ErrorCode }): void {
    const repaired = repairs.totals;
    const about = { name, ...fields };
    this.#log.repeated.write("info", "tunnel closed", about, { tunnel: id, ...(repaired && { repaired }) });
  }

  #sendSomeRecords(tunnel: Tunnel): void {
    sendRequestRecords(this.#session, tunnel, this.#log, RECORDS_TOGETHER);
    if (!tunnel.requests.isEmpty) this.onRecords(tunnel);
  }

  #sendRecords(tunnel: Tunnel): void {
    sendRequestRecords(this.#session, tunnel, this.#log);
  }
}
