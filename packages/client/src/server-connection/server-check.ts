import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { builtins, isTls } from "@postern/net";
import { TunnelError } from "@postern/protocol";
import type { ConnectOptions } from "../options.js";
import { parseProxyOf } from "./proxy-address.js";
import { parseServerAddress } from "./server-address.js";
import { dialServer, lateError } from "./server-dial.js";
import { connectError, hostField } from "./websocket-connection.js";
import { mayUseTls, responseFault, tlsServerFault } from "./wrong-scheme.js";

/** The result of a server's health check. */
export interface ServerCheck {
  /** The time from dialling to the response, in milliseconds. */
  milliseconds: number;
  /** The HTTP status; 200 from a server that accepts new sessions. */
  status: number;
  /** The server's time, rounded to a second; undefined without a Date field. */
  time: Date | undefined;
  /** When the server's certificate expires; undefined without TLS. */
  certificateExpires: Date | undefined;
}

/**
 * Requests the server's health page over the same route as `connect`, without logging in.
 * @throws TypeError when `server` or `proxy` cannot be parsed; TunnelError when the server, or the proxy in front of
 *   it, cannot be reached or trusted.
 */
export async function checkServer(
  options: Pick<ConnectOptions, "server" | "tls" | "proxy" | "connectionTimeout">,
): Promise<ServerCheck> {
  const { server, tls = {}, connectionTimeout = 30_000 } = options;
  const address = parseServerAddress(server);
  const proxy = parseProxyOf(options.server, options);
  const started = performance.now();
  const signal = AbortSignal.timeout(connectionTimeout);
  let late = lateError("the dial to begin");
  const onWait = (...awaited: Parameters<typeof lateError>): void => void (late = lateError(...awaited));
  let socket: Socket | undefined;
  try {
    const dialled = await dialServer({ address, tls, proxy, signal, onWait });
    socket = dialled;
    onWait("the response to the health check");
    const health = builtins.http.request({
      createConnection: () => dialled,
      path: "/health",
      headers: { Host: hostField(address, tls) },
      signal,
    });
    const { statusCode: status = 0, headers } = await new Promise<IncomingMessage>((resolve, reject) => {
      health.on("response", resolve).on("error", reject).end();
    });
    const fault = responseFault(address, status, headers);
    if (fault !== undefined) throw new TunnelError("PN_SERVER_SCHEME", fault);
    const expires = isTls(dialled) ? dialled.getPeerX509Certificate()?.validToDate : undefined;
    const date = new Date(headers.date ?? NaN);
    return {
      milliseconds: performance.now() - started,
      status,
      time: Number.isNaN(date.getTime()) ? undefined : date,
      certificateExpires: expires,
    };
  } catch (error) {
    if (signal.aborted) throw late;
    const fault = mayUseTls(error as Error) ? await tlsServerFault({ address, proxy, signal }) : undefined;
    throw fault === undefined ? connectError(error as Error) : new TunnelError("PN_SERVER_SCHEME", fault);
  } finally {
    socket?.destroy();
  }
}
