import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Defer } from "@postern/testkit";

const OPEN = 0x10;
/** A bind number without a tunnel. */
const UNKNOWN_BIND = 0xffff_fffe;

/**
 * A proxy between a client and its server that forwards everything, including heartbeats. With `misroutes`, new streams
 * reach the client with the number of an unknown tunnel, so that the session is alive but no request arrives.
 */
export class MisroutingProxy {
  misroutes = false;
  /** The number of accepted connections. */
  connections = 0;
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(defer: Defer, target: number): Promise<MisroutingProxy> {
    const sockets = new Set<Socket>();
    const listener = createServer((client) => {
      proxy.connections++;
      const server = connect(target, "127.0.0.1");
      for (const socket of [client, server]) sockets.add(socket.on("error", () => {}));
      client.pipe(server);
      const reader = new ServerReader(() => proxy.misroutes);
      server.on("data", (chunk: Buffer) => client.write(reader.read(chunk)));
      server.on("close", () => client.destroy());
      client.on("close", () => server.destroy());
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const proxy = new MisroutingProxy((listener.address() as AddressInfo).port);
    defer(async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
}

/** Reads a server's bytes: the response head, then WebSocket messages of whole frames (PROTOCOL.md, section 2). */
class ServerReader {
  readonly #misroutes: () => boolean;
  #state: "head" | "messages" | "other" = "head";
  #held: Buffer = Buffer.alloc(0);

  constructor(misroutes: () => boolean) {
    this.#misroutes = misroutes;
  }

  /** Returns the bytes to forward. */
  read(chunk: Buffer): Buffer {
    this.#held = Buffer.concat([this.#held, chunk]);
    let passed = 0;
    if (this.#state === "head") {
      const end = this.#held.indexOf("\r\n\r\n");
      if (end < 0) return Buffer.alloc(0);
      this.#state = this.#held.toString("latin1", 9, 12) === "101" ? "messages" : "other";
      passed = end + 4;
    }
    if (this.#state === "other") passed = this.#held.length;
    for (;;) {
      const length = this.#messageAt(passed);
      if (length === 0) break;
      passed += length;
    }
    const going = this.#held.subarray(0, passed);
    this.#held = this.#held.subarray(passed);
    return going;
  }

  /** Misroutes the streams in the WebSocket frame at `at` if enabled. Returns its length, 0 while it is incomplete. */
  #messageAt(at: number): number {
    const bytes = this.#held;
    if (this.#state === "other" || bytes.length < at + 2) return 0;
    const short = bytes[at + 1]! & 0x7f;
    const header = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < at + header) return 0;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    const end = at + header + length;
    if (bytes.length < end) return 0;
    const isBinary = (bytes[at]! & 0x0f) === 2;
    if (isBinary && this.#misroutes())
      for (let frame = at + header; frame < end; frame += 8 + bytes.readUInt16BE(frame + 2))
        if (bytes[frame] === OPEN) bytes.writeUInt32BE(UNKNOWN_BIND, frame + 8);
    return header + length;
  }
}
