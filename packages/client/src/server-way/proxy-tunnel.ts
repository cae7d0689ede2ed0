import type { Socket } from "node:net";
import { TunnelError } from "@postern/protocol";
import type { Proxy } from "./proxy-address.js";
import { VERSION } from "../version.js";

export const PROXY_LIMITS = {
  /** The head of its answer, in bytes. */
  head: 16 * 1024,
};

const FIELD = /^[!#$%&'*+.^_`|~0-9a-z-]+:[\t\x20-\x7e\x80-\xff]*$/i;

/**
 * Asks a proxy for a connection to `destination` (`host:port`) on a socket to it: CONNECT, RFC 9110, section 9.3.6. What comes behind the
 * head of the answer is the destination's, and left in the socket.
 * @throws TunnelError when there will be none, Error of the socket, or what `signal` was aborted with; the socket is destroyed then.
 */
export async function askForTunnel(
  socket: Socket,
  destination: string,
  proxy: Proxy,
  signal: AbortSignal,
): Promise<void> {
  const fields = [
    `CONNECT ${destination} HTTP/1.1`,
    `Host: ${destination}`,
    `User-Agent: postern/${VERSION}`,
    ...(proxy.authorization === undefined ? [] : [`Proxy-Authorization: ${proxy.authorization}`]),
  ];
  try {
    socket.write(`${fields.join("\r\n")}\r\n\r\n`, "latin1");
    checkAnswer(await readHead(socket, proxy, signal), destination, proxy);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The lines of the answer's head. */
function readHead(socket: Socket, proxy: Proxy, signal: AbortSignal): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const done = (): void => {
      socket.off("readable", onReadable).off("end", onEnd).off("error", fail).off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    // Not by "data": whoever reads on could not tell that the socket was paused.
    const onReadable = (): void => {
      for (let chunk = take(); chunk !== null; chunk = take()) {
        read = Buffer.concat([read, chunk]);
        const end = read.indexOf("\r\n\r\n");
        if (end > PROXY_LIMITS.head || (end < 0 && read.length > PROXY_LIMITS.head))
          return fail(noProxy(proxy, `its answer has more than ${PROXY_LIMITS.head / 1024} KiB`));
        if (end < 0) continue;
        done();
        const rest = read.subarray(end + 4);
        if (rest.length > 0) socket.unshift(rest);
        return resolve(read.subarray(0, end).toString("latin1").split("\r\n"));
      }
    };
    const take = (): Buffer | null => socket.read() as Buffer | null;
    const onEnd = (): void => fail(noProxy(proxy, "it ends the connection without an answer"));
    const onAbort = (): void => fail(signal.reason as Error);
    if (signal.aborted) return onAbort();
    if (socket.destroyed) return onEnd();
    socket.on("readable", onReadable).on("end", onEnd).on("error", fail).on("close", onEnd);
    signal.addEventListener("abort", onAbort);
  });
}

function checkAnswer([first = "", ...fields]: string[], destination: string, proxy: Proxy): void {
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1]);
  if (Number.isNaN(status) || !fields.every((field) => FIELD.test(field)))
    throw noProxy(proxy, "what it answers is not HTTP");
  if (status >= 200 && status < 300) return;
  if (status === 407) throw new TunnelError("PN_PROXY_REFUSED", `${proxy.authority} ${whyRefused(fields, proxy)}`);
  throw noProxy(proxy, `it answers HTTP ${status} when asked for ${destination}`);
}

function whyRefused(fields: string[], { authorization }: Proxy): string {
  const schemes = fields
    .map((field) => /^proxy-authenticate:\s*([a-z0-9-]{1,20})(?:\s|,|$)/i.exec(field)?.[1])
    .filter((scheme) => scheme !== undefined);
  if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === "basic"))
    return `asks for ${schemes.slice(0, 4).join(" or ")}, and Postern can only do Basic`;
  return authorization === undefined ? "asks for a name and a password" : "does not take this name and password";
}

function noProxy({ authority }: Proxy, fault: string): TunnelError {
  return new TunnelError("PN_PROXY_UNREACHABLE", `${authority}: ${fault}`);
}
