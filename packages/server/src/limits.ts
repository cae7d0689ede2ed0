/** The server's own limits; docs/limits.md lists them. */
export const SERVER_LIMITS = {
  /** Tunnels of one session. */
  tunnelsPerSession: 64,
  /** Tunnels of all sessions, unless the operator says otherwise. */
  tunnels: 10_000,
  /** Names one owner may have, those kept for it included. */
  namesPerOwner: 10_000,
  /** How long a name stays with its owner who is away, in milliseconds. */
  nameHold: 3_600_000,
  /** Requests of a tunnel that are listed one by one in a second; the rest are counted. */
  listedRequests: 50,
  /** How long in-flight requests may take when the server stops, in milliseconds. */
  drain: 30_000,
} as const;
