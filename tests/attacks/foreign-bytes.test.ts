import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { Published, ServerProcess, until } from "@postern/testkit";

/** The byte of `tag` at any offset of a body that repeats it. */
function byteAt(tag: Buffer, offset: number): number {
  return tag[offset % tag.length] as number;
}

function bodyOf(tag: Buffer, length: number): Buffer {
  return Buffer.alloc(length, tag);
}

/** Counts bytes that are not the next ones of a body of `tag`. */
class Checked {
  length = 0;
  foreign = 0;
  readonly #tag: Buffer;

  constructor(tag: string) {
    this.#tag = Buffer.from(tag);
  }

  add(chunk: Buffer): void {
    for (const byte of chunk) if (byte !== byteAt(this.#tag, this.length++)) this.foreign++;
  }
}

/** Bytes that an origin received and that were not its visitor's. */
let foreignAtOrigins = 0;

/**
 * An origin of one tenant: it responds with as many bytes of the visitor's tag as the path says, and checks the bytes
 * of the request's body meanwhile.
 */
async function startOrigin(tenant: string): Promise<number> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const [, tag = "", length = "0", when] = (request.url ?? "").split("/");
    if (!tag.startsWith(tenant)) foreignAtOrigins++;
    const checked = new Checked(tag);
    request.on("data", (chunk: Buffer) => {
      const before = checked.foreign;
      checked.add(chunk);
      foreignAtOrigins += checked.foreign - before;
    });
    const respond = (): void => {
      response.writeHead(200, { "Content-Length": length, "X-Tag": tag });
      response.end(bodyOf(Buffer.from(tag), Number(length)));
    };
    // The server closes the connection after a response that does not wait for the request.
    if (when === "early") respond();
    else request.on("end", respond);
  };
  const listener = createServer(serve).listen(0, "127.0.0.1");
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  await until("the origin", () => listener.listening);
  return (listener.address() as AddressInfo).port;
}

interface Behaviour {
  /** Lengths of the request's body and of the response's body. */
  upload: number;
  download: number;
  /** Requests sent at once. */
  pipelined: number;
  /** Resets the connection after this share of the response. */
  resetAfter: number;
  /** Stops reading after every chunk for this many milliseconds; 0: never. */
  pause: number;
}

const LENGTHS = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 400_000 }));
/** More than the kernel buffers for a slow reader. */
const LONG = fc.record({
  upload: fc.constant(0),
  download: fc.integer({ min: 6_000_000, max: 8_000_000 }),
  pipelined: fc.constant(1),
  resetAfter: fc.constant(1),
  pause: fc.integer({ min: 1, max: 5 }),
});
const SHORT = fc.record({
  upload: LENGTHS,
  download: LENGTHS,
  pipelined: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 8 })),
  resetAfter: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
  pause: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 20 })),
});

const behaviours: fc.Arbitrary<Behaviour> = fc.oneof({ weight: 9, arbitrary: SHORT }, { weight: 1, arbitrary: LONG });

/** Sends the requests of one visitor and checks its responses. Resolves with the bytes that were not its own. */
function visit(host: string, port: number, tag: string, behaviour: Behaviour): Promise<number> {
  const { upload, download, pipelined, resetAfter, pause } = behaviour;
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket: Socket = connect({ host: "127.0.0.1", port });
  let foreign = 0;
  let finished = 0;
  let head = "";
  let body: Checked | undefined;

  const read = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length || (body !== undefined && body.length === download)) {
      if (body === undefined) {
        head += String.fromCharCode(chunk[at++] as number);
        if (!head.endsWith("\r\n\r\n")) continue;
        if (!head.startsWith("HTTP/1.1 200 ") || !head.includes(`X-Tag: ${tag}\r\n`)) foreign++;
        head = "";
        body = new Checked(tag);
      }
      const end = Math.min(chunk.length, at + download - body.length);
      body.add(chunk.subarray(at, end));
      at = end;
      if (body.length < download) continue;
      foreign += body.foreign;
      body = undefined;
      if (++finished === pipelined) socket.end();
    }
    if (body !== undefined && body.length > download * resetAfter) socket.resetAndDestroy();
  };
  socket.on("data", (chunk: Buffer) => {
    read(chunk);
    if (pause === 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), pause);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (resetAfter === 1 && finished < pipelined) foreign = Infinity;
    resolve(foreign + (body?.foreign ?? 0));
  });
  const when = pipelined === 1 ? "early" : "late";
  const request = `POST /${tag}/${download}/${when} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${upload}\r\n\r\n`;
  const one = Buffer.concat([Buffer.from(request), bodyOf(Buffer.from(tag), upload)]);
  socket.write(Buffer.concat(Array.from({ length: pipelined }, () => one)));
  return promise;
}

test("visitors of two tenants, quick, slow, resetting and pipelining, get and send only their own bytes", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const tenants = await Promise.all(
    ["apple", "birch"].map(async (name) => {
      const port = await startOrigin(name);
      return { name, published: await Published.start(onTestFinished, port, { server, subdomain: name }) };
    }),
  );
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(behaviours, { minLength: 40, maxLength: 60 }), async (all) => {
      const visits = all.map((behaviour, index) => {
        const { name, published } = tenants[index % 2] as (typeof tenants)[0];
        return visit(published.host, server.port, `${name}-${count++}-`, behaviour);
      });
      expect((await Promise.all(visits)).filter((foreign) => foreign > 0)).toEqual([]);
      expect(foreignAtOrigins).toBe(0);
    }),
    { numRuns: 5, endOnFailure: true },
  );
});
