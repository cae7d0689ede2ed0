import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ConnectOptions } from "../options.js";
import { parseProxyTo } from "./proxy-address.js";
import { parseServerAddress } from "./server-address.js";
import { dialServer, lateError } from "./server-dial.js";
import { dialTarget, dialTargetByName, parseTarget } from "../local/local-address.js";
import { connectError, hostField } from "./websocket-connection.js";

/** How a server answers that was asked for its health. */
export interface ServerReach {
  /** From the first byte that was sent for the connection to the answer, in milliseconds. */
  milliseconds: number;
  /** The HTTP status; a server that takes new work says 200. */
  status: number;
  /** By the server's clock, to the second; undefined when it does not say. */
  time: Date | undefined;
  /** When its certificate ends; undefined without TLS. */
  certificateEnds: Date | undefined;
}

/**
 * Asks the server for its health the way `connect` would reach it, and logs in nowhere.
 * @throws TypeError when `server` or `proxy` cannot be understood; TunnelError with the reason when the server, or the proxy before it, cannot be reached or trusted.
 */
export async function reachServer(
  options: Pick<ConnectOptions, "server" | "tls" | "proxy" | "connectionTimeout">,
): Promise<ServerReach> {
  const { server, tls = {}, connectionTimeout = 30_000 } = options;
  const address = parseServerAddress(server);
  const proxy = parseProxyTo(options.server, options);
  const started = performance.now();
  const signal = AbortSignal.timeout(connectionTimeout);
  let late = lateError("nothing yet");
  const onWait = (...awaited: Parameters<typeof lateError>): void => void (late = lateError(...awaited));
  let socket: Socket | undefined;
  try {
    const dialled = await dialServer({ address, tls, proxy, signal, onWait });
    socket = dialled;
    onWait("the answer to the request for its health");
    const asked = request({
      createConnection: () => dialled,
      path: "/health",
      headers: { Host: hostField(address, tls) },
      signal,
    });
    const { statusCode: status = 0, headers } = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on("response", resolve).on("error", reject).end();
    });
    const ends = dialled instanceof TLSSocket ? dialled.getPeerX509Certificate()?.validToDate : undefined;
    const date = new Date(headers.date ?? NaN);
    return {
      milliseconds: performance.now() - started,
      status,
      time: Number.isNaN(date.getTime()) ? undefined : date,
      certificateEnds: ends,
    };
  } catch (error) {
    throw signal.aborted ? late : connectError(error as Error);
  } finally {
    socket?.destroy();
  }
}

/**
 * Connects to the local service as a tunnel would, and says nothing to it.
 * @throws TypeError when `local` cannot be understood; Error when nobody takes the connection within 5 seconds, or its certificate is not trusted.
 */
export async function reachLocal(local: ConnectOptions["local"]): Promise<void> {
  const target = parseTarget(local);
  const nothing = { buffer: Buffer.alloc(1_024), callback: () => true };
  const signal = AbortSignal.timeout(LOCAL_TIMEOUT);
  let socket: Socket | undefined;
  try {
    if (target.isNamed) socket = await dialTargetByName(target, nothing, signal);
    else {
      socket = dialTarget(target, nothing);
      await once(socket, target.tls ? "secureConnect" : "connect", { signal });
    }
  } catch (error) {
    throw signal.aborted ? new Error("no answer in time") : error;
  } finally {
    socket?.on("error", () => {}).destroy();
  }
}

const LOCAL_TIMEOUT = 5_000;
