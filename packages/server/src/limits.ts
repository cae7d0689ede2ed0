/** The server's own limits; docs/limits.md lists them. */
export const SERVER_LIMITS = {
  /** Connections of all addresses that are not logged in yet. Each address may have an eighth of what is left, so that few cannot take all. */
  logins: 1_024,
  /** When a client may come again that finds the server short of memory, in milliseconds; up to twice as much, so that not all come at once. */
  overloadedRetry: 15_000,
  /** Tunnels of one session. */
  tunnelsPerSession: 64,
  /** Tunnels of all sessions, unless the operator says otherwise. */
  tunnels: 10_000,
  /** Sessions of one client that may serve a name together, those that are cut off and not yet given up included. */
  sessionsPerName: 64,
  /** Names one owner may have, those kept for it included. */
  namesPerOwner: 10_000,
  /** How long streams of a tunnel that was taken away may take to end, in milliseconds. */
  lastStreams: 45_000,
  /** How long a name stays with its owner who is away, in milliseconds. */
  nameHold: 3_600_000,
  /** Requests of a tunnel that are listed one by one in a second; the rest are counted. */
  listedRequests: 50,
  /** How long in-flight requests may take when the server stops, in milliseconds. */
  drain: 30_000,
  /** Questions to an issuer about tokens that may be on their way at once. */
  introspections: 64,
  /** Tokens whose answer is remembered. */
  introspected: 1_000,
  /** Keys that an issuer may publish. */
  keys: 100,
  /** How long published keys are used, in milliseconds: without asking again, and when asking again fails. */
  keysFresh: 600_000,
  keysStale: 3_600_000,
  /** Time between two questions for published keys, in milliseconds. */
  keysPause: 5_000,
} as const;
