/** The meaning of the system's error codes, with what to check. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens on this port",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was reset",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "there is no route to this host",
  ENETUNREACH: "there is no route to this network",
  EACCES: "this machine does not permit the connection",
  EPERM: "this machine does not permit the connection",
  ENOTFOUND: "this name does not exist: check its spelling and its DNS record",
  ENODATA: "the name has no address: check its DNS record",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "this port does not use TLS: use an http:// address if the connection need not be encrypted",
  EAI_AGAIN: "the DNS server does not respond: check this machine's network and DNS settings",
};

/** Describes why a connection failed: the code and its meaning. */
export function dialFault({ code, message }: NodeJS.ErrnoException): string {
  const words = MEANINGS[code ?? ""];
  return words === undefined ? message || (code ?? "unknown error") : `${code}, ${words}`;
}

/** `host:port`, with brackets around an IPv6 address. */
export function authorityOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
