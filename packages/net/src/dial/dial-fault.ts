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
  EAI_AGAIN: "the DNS server does not respond: check this machine's network and DNS settings",
};

/** Describes why a connection failed: the system's code with its meaning, or OpenSSL's reason without its text. */
export function dialFault(error: NodeJS.ErrnoException): string {
  if (isNotTls(error))
    return "this port does not use TLS: use an http:// address if the connection need not be encrypted";
  const reason = tlsReason(error);
  if (reason !== undefined) return `TLS failed: ${reason}`;
  const { code = "", message } = error;
  const words = MEANINGS[code];
  return words === undefined ? message || code || "unknown error" : `${code}, ${words}`;
}

/** OpenSSL's reasons when the first bytes of the peer are not TLS. The reason depends on the version of OpenSSL. */
const NOT_TLS = new Set(["wrong version number", "packet length too long"]);

/** Whether a TLS handshake failed because the peer does not use TLS. */
export function isNotTls(error: NodeJS.ErrnoException): boolean {
  return NOT_TLS.has(tlsReason(error) ?? "");
}

/** The reason in OpenSSL's text, which is between colons: `error:0A00010B:SSL routines:function:REASON:file:line:`. */
function tlsReason({ code = "", message }: NodeJS.ErrnoException): string | undefined {
  const text = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  const named = /^ERR_SSL_(.+)$/.exec(code)?.[1]?.toLowerCase().replaceAll("_", " ");
  const reason = named ?? text;
  const alert = /(?:^| )alert (.+)$/.exec(reason ?? "")?.[1];
  return alert === undefined ? reason : `the other side sent the alert "${alert}"`;
}

/** `host:port`, with brackets around an IPv6 address. */
export function authorityOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
