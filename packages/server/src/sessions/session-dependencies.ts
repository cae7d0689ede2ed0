import type { Logger } from "pino";
import type { Authenticator } from "../login/principal.js";
import type { Owners } from "./owners.js";
import type { RequestCounter } from "../metrics/metrics.js";
import type { NameRules } from "../names/name.js";
import type { TunnelRegistry } from "../tunnels/tunnel-registry.js";

/** The parts of the server that all sessions share. */
export interface SessionDependencies {
  readonly authenticator: Authenticator;
  readonly owners: Owners;
  readonly registry: TunnelRegistry;
  readonly nameRules: NameRules;
  /** Tunnels of all sessions together. */
  readonly maxTunnels: number;
  /** Open streams of one session. */
  readonly streamsPerSession: number;
  readonly log: Logger;
  readonly requestLog: Logger;
  /** The public URL of the tunnel `name`. */
  publicUrl(name: string): string;
  /** The counter of a tunnel's requests; undefined: they are not counted. */
  counter(name: string, owner: string): RequestCounter | undefined;
  /** Requests of a tunnel that are listed per second. */
  readonly requestRecords: number;
}
