/** What the system's error codes mean for whoever wants to connect, and what to do. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was broken",
  EPIPE: "the connection was broken",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to its network",
  EACCES: "this machine does not allow it",
  EPERM: "this machine does not allow it",
  ENOTFOUND: "no such name is known: check its spelling, and its DNS record",
  ENODATA: "the name has no address: check its DNS record",
  EAI_AGAIN: "the name service does not answer: check this machine's network and DNS",
};

/** Why a connection did not come about, in words, behind the code for whoever looks it up. */
export function dialFault({ code, message }: NodeJS.ErrnoException): string {
  const words = WORDS[code ?? ""];
  return words === undefined ? message || (code ?? "no reason is known") : `${code}, ${words}`;
}

/** `host:port` as addresses are written. */
export function authorityOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
