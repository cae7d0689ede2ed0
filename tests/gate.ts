import { createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Defer } from "@postern/testkit";

/** A proxy in front of a server that requires a header. */
export class Gate {
  readonly url: string;
  /** The number of refused connections. */
  refused = 0;

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @param to - The port behind it. */
  static async start(defer: Defer, to: number, header: string, value: string): Promise<Gate> {
    const sockets = new Set<Socket>();
    const listener = createServer();
    listener.on("upgrade", ({ url, headers }, socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      if (headers[header] !== value) {
        gate.refused++;
        return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      }
      // The header is not forwarded.
      const { [header]: _, ...rest } = headers;
      const onward = request({ host: "127.0.0.1", port: to, path: url, headers: rest });
      onward.on("error", () => socket.destroy());
      onward.on("response", () => socket.destroy());
      onward.on("upgrade", (response, behind, head) => {
        sockets.add(behind as Socket);
        const fields = Object.entries(response.headers).map(([name, text]) => `${name}: ${String(text)}\r\n`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join("")}\r\n`);
        socket.write(head);
        behind.on("error", () => {}).on("close", () => socket.destroy());
        socket.on("close", () => behind.destroy());
        behind.pipe(socket).pipe(behind);
      });
      onward.end();
    });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const gate = new Gate((listener.address() as AddressInfo).port);
    defer(async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    return gate;
  }
}
