import { once } from "node:events";
import type { Socket } from "node:net";
import { dialLocal, dialLocalByName, type LocalAddress } from "./local-address.js";

/** Timeout of a connection, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * Connects to the local service as a tunnel does, sends nothing, and closes the connection.
 * @param signal abandons the connection.
 * @throws Error when the service does not accept the connection within 5 seconds, or its certificate is not trusted.
 */
export async function reachLocal(address: LocalAddress, signal?: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(TIMEOUT);
  const end = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  let socket: Socket | undefined;
  try {
    if (address.isNamed) socket = await dialLocalByName(address, end);
    else {
      socket = dialLocal(address);
      await once(socket, address.tls ? "secureConnect" : "connect", { signal: end });
    }
  } catch (error) {
    throw deadline.aborted ? Object.assign(new Error("no response in time"), { code: "ETIMEDOUT" }) : error;
  } finally {
    socket?.on("error", () => {}).destroy();
  }
}
