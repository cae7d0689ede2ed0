import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ConnectOptions } from "../options.js";
import { parseProxyOf } from "./proxy-address.js";
import { parseServerAddress } from "./server-address.js";
import { dialServer, lateError } from "./server-dial.js";
import { dialLocal, dialLocalByName, parseLocalAddress } from "../local/local-address.js";
import { connectError, hostField } from "./websocket-connection.js";

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
    const health = request({
      createConnection: () => dialled,
      path: "/health",
      headers: { Host: hostField(address, tls) },
      signal,
    });
    const { statusCode: status = 0, headers } = await new Promise<IncomingMessage>((resolve, reject) => {
      health.on("response", resolve).on("error", reject).end();
    });
    const expires = dialled instanceof TLSSocket ? dialled.getPeerX509Certificate()?.validToDate : undefined;
    const date = new Date(headers.date ?? NaN);
    return {
      milliseconds: performance.now() - started,
      status,
      time: Number.isNaN(date.getTime()) ? undefined : date,
      certificateExpires: expires,
    };
  } catch (error) {
    throw signal.aborted ? late : connectError(error as Error);
  } finally {
    socket?.destroy();
  }
}

/** Timeout of a connection to the local service, in milliseconds. */
const LOCAL_TIMEOUT = 5_000;

/**
 * Connects to the local service as a tunnel does, and sends nothing.
 * @param signal abandons the connection.
 * @throws TypeError when `local` cannot be parsed; Error when the service does not accept the connection within 5
 * seconds, or its certificate is not trusted.
 */
export async function checkLocal(local: ConnectOptions["local"], signal?: AbortSignal): Promise<void> {
  const address = parseLocalAddress(local);
  const nothing = { buffer: Buffer.alloc(1_024), callback: () => true };
  const deadline = AbortSignal.timeout(LOCAL_TIMEOUT);
  const end = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  let socket: Socket | undefined;
  try {
    if (address.isNamed) socket = await dialLocalByName(address, nothing, end);
    else {
      socket = dialLocal(address, nothing);
      await once(socket, address.tls ? "secureConnect" : "connect", { signal: end });
    }
  } catch (error) {
    throw deadline.aborted ? Object.assign(new Error("no response in time"), { code: "ETIMEDOUT" }) : error;
  } finally {
    socket?.on("error", () => {}).destroy();
  }
}
