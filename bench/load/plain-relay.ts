/**
 * Forwards connections in both directions, without reading what they carry: about the least that a process of Node.js
 * can do between two sockets. It reads into reused buffers. For that, an accepted socket is created a second time from
 * its handle, because `createServer` has no `onread`.
 */
import { connect, createServer, Socket, type OnReadOpts } from "node:net";
import { settings, split } from "./settings.ts";

const { listen, target } = settings<{ listen: string; target: string }>();

const READ_SIZE = 64 * 1024;
const OPTIONS = { noDelay: true, allowHalfOpen: true, highWaterMark: 4096 };

/** One direction. */
class Way {
  #to: Socket | undefined;
  #free: Buffer[] = [];

  readonly onread: OnReadOpts = {
    buffer: () => this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_SIZE),
    callback: (bytes, buffer) => {
      const to = this.#to as Socket;
      return to.write(Buffer.from(buffer.buffer, buffer.byteOffset, bytes), () => this.#free.push(buffer as Buffer));
    },
  };

  join(from: Socket, to: Socket): void {
    this.#to = to;
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
    from.on("error", () => {});
    from.on("close", () => to.destroy());
  }
}

createServer({ pauseOnConnect: true, ...OPTIONS }, (accepted) => {
  const { _handle: handle } = accepted as unknown as { _handle: unknown };
  Object.assign(accepted, { _handle: null });
  const [there, back] = [new Way(), new Way()];
  const options: object = { ...OPTIONS, handle, onread: there.onread, manualStart: true };
  const visitor = new Socket(options);
  const origin = connect({ ...split(target), ...OPTIONS, onread: back.onread }, () => {
    there.join(visitor, origin);
    back.join(origin, visitor);
    visitor.read(0);
    visitor.resume();
  });
  origin.on("error", () => visitor.destroy());
}).listen(split(listen));
