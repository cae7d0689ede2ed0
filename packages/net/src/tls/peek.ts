import type { Socket } from "node:net";
import { CLIENT_HELLO_LIMITS } from "../limits.js";
import { ByteStore } from "../byte-store.js";
import { ALERTS, ClientHelloReader, type ClientHello } from "./client-hello.js";

/** The result of peeking; `gone`: the connection ended or timed out. */
export type Peeked = Exclude<ClientHello, { kind: "partial" }> | { readonly kind: "gone" };

/** The most bytes to read: the message with its record headers, and further bytes of the same read. */
const MAX_BYTES = CLIENT_HELLO_LIMITS.bytes + 64 * 1024;

/**
 * Reads the ClientHello of a connection, puts it back into the socket, and pauses the socket. `timeout` is in
 * milliseconds.
 */
export function peekClientHello(socket: Socket, timeout: number): Promise<Peeked> {
  return new Promise((resolve) => {
    const reader = new ClientHelloReader();
    const all = new ByteStore();
    const settle = (peeked: Peeked): void => {
      clearTimeout(timer);
      socket.off("data", read).off("end", gone).off("close", gone).off("error", gone);
      socket.pause();
      if (all.length > 0 && peeked.kind !== "gone") socket.unshift(all.bytes);
      resolve(peeked);
    };
    const gone = (): void => settle({ kind: "gone" });
    const read = (chunk: Buffer): void => {
      all.add(chunk);
      const hello = reader.read(chunk);
      if (hello.kind !== "partial") settle(hello);
      else if (all.length > MAX_BYTES) settle({ kind: "invalid", alert: ALERTS.illegalParameter });
    };
    const timer = setTimeout(gone, timeout);
    socket.on("data", read).on("end", gone).on("close", gone).on("error", gone);
  });
}
