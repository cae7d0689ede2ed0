import type { Bandwidths, Strategy } from "@postern/gateway";
import type { Limits } from "@postern/protocol";
import type { Authenticator } from "../login/principal.js";
import type { Owners } from "./owners.js";
import type { RequestCounter } from "../metrics/metrics.js";
import type { NameRules } from "../names/name.js";
import type { TunnelPolicies } from "../policies/tunnel-policies.js";
import type { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import type { Loggers } from "./session-log.js";

/** The parts of the server that all sessions share. */
export interface SessionDependencies extends Loggers {
  readonly authenticator: Authenticator;
  readonly owners: Owners;
  readonly registry: TunnelRegistry;
  readonly nameRules: NameRules;
  readonly policies: TunnelPolicies;
  /** Whether clients may join those that serve a name. */
  readonly mayJoin: boolean;
  /** How clients that serve a name together may ask to share the requests. */
  readonly groupStrategies: readonly Strategy[];
  /** Tunnels of all sessions together. */
  readonly maxTunnels: number;
  /** The limits of every session. */
  readonly limits: Limits;
  /** The public URL of the tunnel `name`. */
  publicUrl(name: string): string;
  /** The counter of a tunnel's requests; undefined: they are not counted. */
  counter(name: string, owner: string): RequestCounter | undefined;
  /** The bandwidths of the tunnels. Default: they are not limited. */
  readonly bandwidths?: Bandwidths | undefined;
  /** Requests of a tunnel that are listed per second. */
  readonly requestRecords: number;
}
