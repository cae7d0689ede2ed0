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

export interface ScriptedClientOptions {
  port: number;
  /** Undefined: the server chooses a name. */
  subdomain: string | undefined;
  instance?: string;
  /** The body of its responses. Requests for `/hold` stay open. */
  body?: string;
}

/** A client in the test's process that responds by itself, falls silent or disconnects as the test directs. */
export class ScriptedClient implements SessionHandler {
  readonly messages: ControlMessage[] = [];
  /** Streams of requests for `/hold`. */
  readonly held: Stream[] = [];
  /** The number of received requests. */
  requests = 0;
  /** The delay before a reconnection that the server's go-away requested, in milliseconds. */
  retryAfter: number | undefined;
  /** The number of streams flagged as probes. */
  probes = 0;
  reason: TunnelError | undefined;
  readonly session: Session;
  readonly #socket: Socket;
  readonly #transport: WebSocketTransport;
  readonly #body: string;

  private constructor(socket: Socket, head: Buffer, body: string) {
    this.#socket = socket;
    this.#body = body;
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    this.#transport = new WebSocketTransport({ socket, role: "client", head, setTimer });
    const now = (): number => performance.now();
    const schedule = (task: () => void): void => void setImmediate(task);
    this.session = new Session({ role: "client", transport: this.#transport, now, schedule }, this);
  }

  /** Logs in without a bind. */
  static async dial(defer: Defer, port: number, body = "", key = TEST_KEY): Promise<ScriptedClient> {
    const nonce = randomBytes(16).toString("base64");
    const accept = createHash("sha1").update(nonce).update(WEBSOCKET_GUID).digest("base64");
    const outgoing = request({
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
    const client = await new Promise<ScriptedClient>((resolve, reject) => {
      outgoing.on("error", reject);
      outgoing.on("upgrade", (response, socket: Socket, head) => {
        if (response.headers["sec-websocket-accept"] !== accept) return reject(new Error("no WebSocket"));
        resolve(new ScriptedClient(socket, head, body));
      });
      outgoing.end();
    });
    const timer = setInterval(() => client.session.tick(), 1_000);
    defer(async () => {
      clearInterval(timer);
      client.#transport.terminate();
    });
    client.session.control({ type: "hello", versions: [1], auth: { method: "api_key", api_key: key } });
    await client.received("welcome");
    return client;
  }

  /** Logs in and binds the name. */
  static async start(defer: Defer, options: ScriptedClientOptions): Promise<ScriptedClient> {
    const client = await ScriptedClient.dial(defer, options.port, options.body);
    client.bind(options);
    await client.received("bound");
    return client;
  }

  bind({ subdomain, instance }: Pick<ScriptedClientOptions, "subdomain" | "instance">): void {
    this.session.control({
      type: "bind",
      bind: 1,
      ...(subdomain === undefined ? {} : { subdomain }),
      ...(instance === undefined ? {} : { instance }),
    });
  }

  get bound(): Bound {
    return this.messages.find((message) => message.type === "bound") as Bound;
  }

  /** Waits for the first message of this type. Rejects if the session ends first. */
  async received<T extends ControlMessage["type"]>(type: T): Promise<ControlMessage & { type: T }> {
    const find = (): (ControlMessage & { type: T }) | undefined =>
      this.messages.find((message): message is ControlMessage & { type: T } => message.type === type);
    await until(`the message ${type}`, () => find() !== undefined || this.reason !== undefined, {
      details: () => JSON.stringify(this.messages),
    });
    const found = find();
    if (found === undefined) throw this.reason;
    return found;
  }

  /** Stops reading and writing, as after a network failure. */
  fallSilent(): void {
    this.#socket.pause();
    this.#socket.write = () => true;
    this.#socket.cork = () => {};
  }

  /** Announces the end of the session, and closes it while streams are open. */
  leave(): void {
    this.session.goAway("PN_DRAINING");
    this.session.close(new TunnelError("PN_CLOSED"));
  }

  /** Terminates the connection. */
  disconnect(): void {
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
        else this.respond(stream);
      },
      onEnd: () => stream.end(),
      onReset() {},
      onDrain() {},
    };
  }

  /** Responds to the request on `stream`. */
  respond(stream: Stream): void {
    stream.write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${this.#body.length}\r\n\r\n${this.#body}`));
  }

  onClose(reason: TunnelError): void {
    this.reason = reason;
  }

  onGoAway(_code: string, retryAfter: number): void {
    this.retryAfter = retryAfter;
  }

  onPong(): void {}
  onStreamsOver(): void {}
}
