import type { Socket } from "node:net";
import { ByteStore } from "./byte-store.js";
import { ClientHelloReader, LONGEST_HELLO, type ClientHello } from "./client-hello.js";

/** What peeking came to; `gone`: the connection ended, or took too long. */
export type Peeked = Exclude<ClientHello, { kind: "partial" }> | { readonly kind: "gone" };

/** Records around it, and what may come with it in one read. */
const MOST_BYTES = LONGEST_HELLO + 64 * 1024;

/** Waits for the first message of a TLS connection and leaves it in the socket, which is paused then. `timeout` in milliseconds. */
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
      else if (all.length > MOST_BYTES) settle({ kind: "invalid" });
    };
    const timer = setTimeout(gone, timeout);
    socket.on("data", read).on("end", gone).on("close", gone).on("error", gone);
  });
}
