import type { Logger } from "pino";
import type { FinishedRequest } from "@postern/gateway";
import type { Authenticator } from "../login/principal.js";
import type { Owners } from "../login/owners.js";
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
  readonly log: Logger;
  readonly requestLog: Logger;
  /** The public URL of the tunnel `name`. */
  publicUrl(name: string): string;
  /** A visitor's request to a tunnel has finished. */
  onFinished(request: FinishedRequest): void;
}
