import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  ERRORS,
  Session,
  WEBSOCKET_GUID,
  WebSocketTransport,
  type ControlMessage,
  type Hello,
  type SessionHandler,
} from "@postern/protocol";
import { ClientProcess, ServerProcess } from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";

/** A server of a version without limit codes. It refuses every `bind`. */
async function startOldServer(): Promise<{ url: string; hello: () => Hello | undefined }> {
  let hello: Hello | undefined;
  const reply = (message: ControlMessage, session: Session): void => {
    if (message.type === "hello") {
      hello = message;
      const welcome = { version: 1, session: "s", heartbeat_ms: 10_000, limits: { streams: 10 }, features: [] };
      session.control({ type: "welcome", ...welcome });
    } else if (message.type === "bind") {
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
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`, hello: () => hello };
}

test("a new client understands the limit of an old server", async () => {
  const server = await startOldServer();
  const client = ClientProcess.launch(onTestFinished, { server, target: 9, subdomain: "shop" });
  const { code } = await client.program.exited;
  expect(server.hello()?.features).toContain("limit_codes");
  expect([code, client.events.findLast(({ type }) => type === "error")?.data["code"]]).toEqual([1, "PN_TUNNEL_LIMIT"]);
});

test("an old client gets PN_TUNNEL_LIMIT with the message of the limit from a new server", async () => {
  const { port } = await ServerProcess.start(onTestFinished, { env: { POSTERN_TUNNEL_SERVER_MAX_TUNNELS: "1" } });
  await ScriptedClient.start(onTestFinished, { port, subdomain: "shop" });
  const client = await ScriptedClient.dial(onTestFinished, port);
  expect(await client.received("welcome")).toMatchObject({ features: [] });
  client.bind({ subdomain: "second" });
  const { message } = ERRORS.PN_SERVER_TUNNEL_LIMIT;
  expect(await client.received("error")).toMatchObject({ bind: 1, code: "PN_TUNNEL_LIMIT", message, retryable: false });
});
