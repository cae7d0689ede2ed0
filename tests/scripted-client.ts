import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";
import {
  Session,
  SUBPROTOCOL,
  TunnelError,
  WEBSOCKET_GUID,
  WebSocketTransport,
  type Bound,
  type ControlMessage,
  type SessionHandler,
  type Stream,
} from "@postern/protocol";
import { TEST_KEY, until, type Defer } from "@postern/testkit";

export interface PlayedClientOptions {
  port: number;
  subdomain: string;
  instance?: string;
  /** What it answers to every request but those for `/hold`, which it keeps. */
  says?: string;
}

/** A client in the test's own process that does what the test wants: it answers itself, falls silent, breaks off. */
export class PlayedClient implements SessionHandler {
  readonly messages: ControlMessage[] = [];
  /** Streams of requests that are not answered. */
  readonly held: Stream[] = [];
  /** How many requests came. */
  requests = 0;
  /** When to come back, in milliseconds, as the server said when it asked to go. */
  comeBack: number | undefined;
  /** How many streams were flagged as probes. */
  probes = 0;
  reason: TunnelError | undefined;
  readonly session: Session;
  readonly #socket: Socket;
  readonly #transport: WebSocketTransport;
  readonly #says: string;

  private constructor(socket: Socket, head: Buffer, says: string) {
    this.#socket = socket;
    this.#says = says;
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    this.#transport = new WebSocketTransport({ socket, role: "client", head, setTimer });
    const now = (): number => performance.now();
    const schedule = (task: () => void): void => void setImmediate(task);
    this.session = new Session({ role: "client", transport: this.#transport, now, schedule }, this);
  }

  /** Logs in, and waits for nothing more. */
  static async dial(defer: Defer, port: number, says = "", key = TEST_KEY): Promise<PlayedClient> {
    const nonce = randomBytes(16).toString("base64");
    const accept = createHash("sha1").update(nonce).update(WEBSOCKET_GUID).digest("base64");
    const asked = request({
      host: "127.0.0.1",
      port,
      path: "/connect",
      headers: {
        Host: "localhost",
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": nonce,
        "Sec-WebSocket-Protocol": SUBPROTOCOL,
      },
    });
    const client = await new Promise<PlayedClient>((resolve, reject) => {
      asked.on("error", reject);
      asked.on("upgrade", (response, socket: Socket, head) => {
        if (response.headers["sec-websocket-accept"] !== accept) return reject(new Error("no WebSocket"));
        resolve(new PlayedClient(socket, head, says));
      });
      asked.end();
    });
    const timer = setInterval(() => client.session.tick(), 1_000);
    defer(async () => {
      clearInterval(timer);
      client.#transport.terminate();
    });
    client.session.control({ type: "hello", versions: [1], auth: { method: "api_key", api_key: key } });
    await client.told("welcome");
    return client;
  }

  /** Logs in and takes the name. */
  static async start(defer: Defer, options: PlayedClientOptions): Promise<PlayedClient> {
    const client = await PlayedClient.dial(defer, options.port, options.says);
    client.bind(options);
    await client.told("bound");
    return client;
  }

  bind({ subdomain, instance }: { subdomain: string; instance?: string }): void {
    this.session.control({ type: "bind", bind: 1, subdomain, ...(instance === undefined ? {} : { instance }) });
  }

  get bound(): Bound {
    return this.messages.find((message) => message.type === "bound") as Bound;
  }

  /** The first message of this type, once it is there. Rejects when the session ends before. */
  async told<T extends ControlMessage["type"]>(type: T): Promise<ControlMessage & { type: T }> {
    const find = (): (ControlMessage & { type: T }) | undefined =>
      this.messages.find((message): message is ControlMessage & { type: T } => message.type === type);
    await until(`the message ${type}`, () => find() !== undefined || this.reason !== undefined, {
      details: () => JSON.stringify(this.messages),
    });
    const found = find();
    if (found === undefined) throw this.reason;
    return found;
  }

  /** From now on it reads nothing and says nothing, as if the network had swallowed it. */
  fallSilent(): void {
    this.#socket.pause();
    this.#socket.write = () => true;
    this.#socket.cork = () => {};
  }

  /** Breaks the connection. */
  breakOff(): void {
    this.#transport.terminate();
  }

  onControl(message: ControlMessage): void {
    this.messages.push(message);
  }

  onStream(stream: Stream, probe: boolean): void {
    if (probe) this.probes++;
    let text = "";
    stream.handler = {
      onData: (chunk) => {
        text += chunk.toString("latin1");
        stream.consumed(chunk.length);
        if (!text.includes("\r\n\r\n")) return;
        this.requests++;
        const holds = text.startsWith("GET /hold");
        text = "";
        if (holds) this.held.push(stream);
        else this.answer(stream);
      },
      onEnd: () => stream.end(),
      onReset() {},
      onDrain() {},
    };
  }

  /** Answers the request that came on `stream`. */
  answer(stream: Stream): void {
    stream.write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${this.#says.length}\r\n\r\n${this.#says}`));
  }

  onClose(reason: TunnelError): void {
    this.reason = reason;
  }

  onGoAway(_code: string, retryAfter: number): void {
    this.comeBack = retryAfter;
  }

  onPong(): void {}
  onStreamsOver(): void {}
}
