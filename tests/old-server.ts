import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import {
  Session,
  WEBSOCKET_GUID,
  WebSocketTransport,
  type ControlMessage,
  type Hello,
  type SessionHandler,
} from "@postern/protocol";

/** A server of a version without optional features. */
export interface OldServer {
  url: string;
  hello: () => Hello | undefined;
  /** The number of `bind` messages that it has received. */
  binds: () => number;
}

/** Starts a server of an earlier version. It refuses every `bind`. */
export async function startOldServer(): Promise<OldServer> {
  let hello: Hello | undefined;
  let binds = 0;
  const reply = (message: ControlMessage, session: Session): void => {
    if (message.type === "hello") {
      hello = message;
      const welcome = { version: 1, session: "s", heartbeat_ms: 10_000, limits: { streams: 10 }, features: [] };
      session.control({ type: "welcome", ...welcome });
    } else if (message.type === "bind") {
      binds++;
      const refusal = { code: "PN_TUNNEL_LIMIT", message: "Close one first.", retryable: false };
      session.control({ type: "error", ...refusal, bind: message.bind });
    }
  };
  const listener = createServer();
  listener.on("upgrade", ({ headers }, socket: Socket, head: Buffer) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${WEBSOCKET_GUID}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: postern.v1\r\n\r\n`,
    );
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    const transport = new WebSocketTransport({ socket, role: "server", head, setTimer });
    const handler: SessionHandler = {
      onControl: (message) => reply(message, session),
      onStream() {},
      onGoAway() {},
      onPong() {},
      onStreamsOver() {},
      onClose() {},
    };
    const schedule = (task: () => void): void => void setImmediate(task);
    const session = new Session({ role: "server", transport, now: () => performance.now(), schedule }, handler);
  });
  onTestFinished(() => void listener.close());
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const { port } = listener.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, hello: () => hello, binds: () => binds };
}
