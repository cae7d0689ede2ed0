import type { Limits } from "@postern/protocol";
import type { Local } from "../local/local-end.js";
import type { ConnectOptions, ReconnectionOptions } from "../options.js";
import type { Proxy } from "../server-connection/proxy-address.js";
import type { Dependencies } from "./dependencies.js";
import type { ServerSelection } from "../reconnection/server-selection.js";

/** The data that all sessions of a tunnel share. */
export interface TunnelContext {
  readonly options: ConnectOptions;
  readonly local: Local;
  readonly limits: Partial<Limits>;
  readonly reconnection: ReconnectionOptions;
  readonly servers: ServerSelection;
  /** The proxy in front of each server. */
  readonly proxies: ReadonlyMap<URL, Proxy | undefined>;
  readonly dependencies: Dependencies;
  /** Sessions with the same instance serve a name together. */
  readonly instance: string;
  /** Aborts when the tunnel is closed. */
  readonly signal: AbortSignal;
  /** The id of the last grant; empty before the first. */
  readonly tunnelId: string;
  /** Whether the tunnel is being closed: nothing new begins. */
  readonly isClosing: boolean;
  /** The name to request: the configured one, or the one that the server chose. */
  readonly name: string | undefined;
}
