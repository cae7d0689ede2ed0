import { TunnelError } from "@postern/protocol";

export type ConnectionState =
  "disconnected" | "connecting" | "authenticating" | "connected" | "reconnecting" | "draining" | "failed";

/**
 * What a tunnel's connection may be, and what may follow. Each of a tunnel's sessions is in one of these states, and so is the tunnel: in the
 * best of its sessions' states (`bestState`), which is why it may go from `connected` to what another session is at.
 *
 *     disconnected ──► connecting ──► authenticating ──► connected
 *                          ▲ │              │                │
 *                          │ └──────────────┴────────────────┤ the network, the server
 *                          │                                 ▼
 *                          └──────────────────────────── reconnecting
 *
 *     any of these ── close() ──► draining ──► disconnected, for good
 *     any of these ── what no retry can heal ──► failed, for good
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

/** The better before the worse. */
const RANKS: readonly ConnectionState[] = ["connected", "authenticating", "connecting", "reconnecting"];

/** Whether `to` may come after `from`. */
export function mayFollow(from: ConnectionState, to: ConnectionState): boolean {
  return FOLLOWING[from].includes(to);
}

/** `to`, where it may come after `from`. @throws TunnelError PN_INTERNAL where it may not. */
export function following(from: ConnectionState, to: ConnectionState): ConnectionState {
  if (!mayFollow(from, to)) throw new TunnelError("PN_INTERNAL", `${from} → ${to}`);
  return to;
}

/** The state of what has sessions in these states. */
export function bestState(states: Iterable<ConnectionState>): ConnectionState {
  const all = new Set(states);
  return RANKS.find((state) => all.has(state)) ?? "disconnected";
}
