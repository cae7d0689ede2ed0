import type { Socket } from "node:net";
import { TunnelError } from "@postern/protocol";
import type { Proxy } from "./proxy-address.js";
import { VERSION } from "../version.js";

export const PROXY_LIMITS = {
  /** The head of the proxy's response, in bytes. */
  head: 16 * 1024,
};

const FIELD = /^[!#$%&'*+.^_`|~0-9a-z-]+:[\t\x20-\x7e\x80-\xff]*$/i;

/**
 * Requests a connection to `destination` (`host:port`) from a proxy: CONNECT, RFC 9110, section 9.3.6. Bytes after the
 * head of the response come from the destination, and stay in the socket.
 * @throws TunnelError when the proxy refuses; Error of the socket; the reason of `signal`. In these cases the socket is
 *   destroyed.
 */
export async function requestTunnel(
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
    checkResponse(await readHead(socket, proxy, signal), destination, proxy);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reads the lines of the response's head. */
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
    // A listener for "data" would leave the socket paused, unlike a new socket.
    const onReadable = (): void => {
      for (let chunk = take(); chunk !== null; chunk = take()) {
        read = Buffer.concat([read, chunk]);
        const end = read.indexOf("\r\n\r\n");
        if (end > PROXY_LIMITS.head || (end < 0 && read.length > PROXY_LIMITS.head))
          return fail(proxyError(proxy, `its response has more than ${PROXY_LIMITS.head / 1024} KiB`));
        if (end < 0) continue;
        done();
        const rest = read.subarray(end + 4);
        if (rest.length > 0) socket.unshift(rest);
        return resolve(read.subarray(0, end).toString("latin1").split("\r\n"));
      }
    };
    const take = (): Buffer | null => socket.read() as Buffer | null;
    const onEnd = (): void => fail(proxyError(proxy, "it closed the connection without a response"));
    const onAbort = (): void => fail(signal.reason as Error);
    if (signal.aborted) return onAbort();
    if (socket.destroyed) return onEnd();
    socket.on("readable", onReadable).on("end", onEnd).on("error", fail).on("close", onEnd);
    signal.addEventListener("abort", onAbort);
  });
}

function checkResponse([first = "", ...fields]: string[], destination: string, proxy: Proxy): void {
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1]);
  if (Number.isNaN(status) || !fields.every((field) => FIELD.test(field)))
    throw proxyError(proxy, "its response is not HTTP");
  if (status >= 200 && status < 300) return;
  if (status === 407) throw new TunnelError("PN_PROXY_REFUSED", `${proxy.authority} ${refusalOf(fields, proxy)}`);
  throw proxyError(proxy, `it responded with HTTP ${status} to CONNECT ${destination}`);
}

function refusalOf(fields: string[], { authorization }: Proxy): string {
  const schemes = fields
    .map((field) => /^proxy-authenticate:\s*([a-z0-9-]{1,20})(?:\s|,|$)/i.exec(field)?.[1])
    .filter((scheme) => scheme !== undefined);
  if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === "basic"))
    return `requires ${schemes.slice(0, 4).join(" or ")} authentication, and Postern supports only Basic`;
  return authorization === undefined ? "requires a user name and a password" : "refused this user name and password";
}

function proxyError({ authority }: Proxy, fault: string): TunnelError {
  return new TunnelError("PN_PROXY_UNREACHABLE", `${authority}: ${fault}`);
}
