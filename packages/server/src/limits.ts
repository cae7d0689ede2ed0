/** The server's own limits. docs/limits.md lists them. */
export const SERVER_LIMITS = {
  /**
   * Connections that are not logged in yet. One address may use an eighth of the free places, so that a few addresses
   * cannot use all of them.
   */
  logins: 1_024,
  /** Milliseconds until a client may retry after the server was short of memory; up to twice this time, at random. */
  overloadedRetry: 15_000,
  /** Tunnels of one session. */
  tunnelsPerSession: 64,
  /** Tunnels of all sessions, unless configured. */
  tunnels: 10_000,
  /**
   * Sessions that serve a name together, of one client or of several. Sessions that are lost but not closed yet count
   * too.
   */
  sessionsPerName: 128,
  /** Sessions of one owner, unless configured. */
  sessionsPerOwner: 4_000,
  /** Names of one owner, unless configured. Names that no session serves count too. */
  namesPerOwner: 4_000,
  /** Binds and checks of one owner in a minute, unless configured. */
  bindsPerOwner: 6_000,
  /**
   * Bytes that the sessions of an owner must hold before one of them is ended because memory is low. Ending sessions
   * that hold less would not help.
   */
  muchHeld: 1024 * 1024,
  /** How long the streams of a lost tunnel may take to finish, in milliseconds. */
  lastStreams: 45_000,
  /** How long an owner keeps a name that no session serves, in milliseconds. */
  nameHold: 3_600_000,
  /** Requests of a tunnel that are listed per second. Further requests are only counted. */
  listedRequests: 50,
  /** How long requests in progress may take when the server stops, in milliseconds. */
  drain: 30_000,
  /**
   * Entries that the access policies of all clients keep together: addresses with requests or wrong passwords, and
   * answers about passwords and tokens. A tunnel with more than an equal share makes room for the others.
   */
  policyEntries: 500_000,
  /** Names whose access policies are kept, with what is known of their visitors, in excess of those that are served. */
  policiesKept: 4_096,
  /** Concurrent introspection requests to an issuer. */
  introspections: 64,
  /** Cached introspection responses. */
  introspected: 1_000,
} as const;
