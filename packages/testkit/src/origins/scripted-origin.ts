import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Defer } from "../cleanup.js";
import { until } from "../until.js";
import { Wire } from "../network/wire.js";

/** A local service for which the test writes every byte. */
export class ScriptedOrigin {
  readonly port: number;
  /** Connections in the order of their arrival. */
  readonly wires: Wire[];

  private constructor(port: number, wires: Wire[]) {
    this.port = port;
    this.wires = wires;
  }

  static async start(defer: Defer): Promise<ScriptedOrigin> {
    const wires: Wire[] = [];
    // Tests remove wires that they no longer need, but every connection has to be closed at the end.
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      wires.push(new Wire(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    defer(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return new ScriptedOrigin((server.address() as AddressInfo).port, wires);
  }

  /** Waits for the connection that receives `mark`, for instance the path of a request. */
  wire(mark: string): Promise<Wire> {
    return until(`a connection that receives ${JSON.stringify(mark)}`, () =>
      this.wires.find((wire) => wire.text.includes(mark)),
    );
  }
}
