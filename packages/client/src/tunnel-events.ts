import type { Bound, ErrorCode, Group, Requests, TunnelError } from "@postern/protocol";
import type { TunnelEventData, TunnelEventType } from "./tunnel-event.js";

/** The events that a tunnel's sessions report to it. Every part calls it directly. */
export interface TunnelEvents {
  /** Emits one event to the user of the tunnel. */
  report<Type extends TunnelEventType>(type: Type, message: string, data: TunnelEventData[Type]): void;
  /** The state of a session has changed. */
  onState(): void;
  /** A session serves the tunnel. @param isNew whether the tunnel was down, or at another server. */
  onBound(bound: Bound, isNew: boolean): void;
  /** A session no longer serves the tunnel, and was not closed by this side. */
  onLost(error: TunnelError): void;
  onRequests(message: Requests): void;
  /** The clients that serve the name together have changed, or how they share the requests. */
  onGroup(group: Pick<Group, "members" | "strategy">): void;
  /** The local service accepted a connection. */
  onDialled(): void;
  /** The local service did not accept a connection. */
  onDialFailure(code: ErrorCode, error: Error): void;
  /** The local service uses TLS, and its address does not. */
  onLocalTls(): void;
  /** The local service refused a request because of its Host. @param software the name of its host check. */
  onHostRefused(software: string): void;
  /** The result of a session's probes has changed. @param error the reason of failed probes. */
  onDataPlane(error?: string): void;
}
