import { TunnelError } from "@postern/protocol";

export type ConnectionState =
  "disconnected" | "connecting" | "authenticating" | "connected" | "reconnecting" | "draining" | "failed";

/**
 * The states, and the transitions that are allowed. Each session of a tunnel has a state, and the tunnel has the best
 * of them (`bestState`). That is why a tunnel may go from `connected` to the state of another session.
 *
 *     disconnected ──► connecting ──► authenticating ──► connected
 *                          ▲ │              │                │
 *                          │ └──────────────┴────────────────┤ lost, or failed
 *                          │                                 ▼
 *                          └──────────────────────────── reconnecting
 *
 *     any of these ── close() ──► draining ──► disconnected
 *     any of these ── an error that no retry can correct ──► failed
 */
const FOLLOWING: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  disconnected: ["connecting", "failed", "draining"],
  connecting: ["authenticating", "reconnecting", "connected", "failed", "draining", "disconnected"],
  authenticating: ["connected", "connecting", "reconnecting", "failed", "draining", "disconnected"],
  connected: ["reconnecting", "connecting", "authenticating", "failed", "draining", "disconnected"],
  reconnecting: ["connecting", "authenticating", "connected", "failed", "draining", "disconnected"],
  draining: ["disconnected", "failed"],
  failed: [],
};

/** From best to worst. */
const RANKS: readonly ConnectionState[] = ["connected", "authenticating", "connecting", "reconnecting"];

/** Whether the transition is allowed. */
export function mayFollow(from: ConnectionState, to: ConnectionState): boolean {
  return FOLLOWING[from].includes(to);
}

/** Returns `to`. @throws TunnelError PN_INTERNAL if the transition is not allowed. */
export function following(from: ConnectionState, to: ConnectionState): ConnectionState {
  if (!mayFollow(from, to)) throw new TunnelError("PN_INTERNAL", `${from} → ${to}`);
  return to;
}

/** The state of a tunnel whose sessions have these states. */
export function bestState(states: Iterable<ConnectionState>): ConnectionState {
  const all = new Set(states);
  return RANKS.find((state) => all.has(state)) ?? "disconnected";
}
