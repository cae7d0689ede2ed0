import { createHash, randomBytes } from "node:crypto";
import { ResponseHead } from "../http/index.js";
import type { WebSocketCheckOptions } from "./check-options.js";
import type { Script } from "./conversation.js";
import { USER_AGENT } from "./http-check.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const [CLOSE, PING, PONG] = [0x8, 0x9, 0xa];

/** Opens a WebSocket (RFC 6455), sends a ping, and waits for its pong. Other frames are ignored. */
export function webSocketCheck({ path, host, message }: WebSocketCheckOptions, authority: string | undefined): Script {
  const key = randomBytes(16).toString("base64");
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host ?? authority ?? "localhost"}`,
    `User-Agent: ${USER_AGENT}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ];
  const payload = Buffer.from(message).subarray(0, 125);
  const head = new ResponseHead();
  let hasPinged = false;
  return {
    opening: Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"),
    read(received) {
      const length = head.read(received, 0, received.length, "GET", "websocket");
      if (length < 0) return { fault: "its response is not valid HTTP" };
      if (length === 0) return "wait";
      if (head.status !== 101) return { fault: `it responded with ${head.status} instead of 101` };
      if (
        acceptOf(head) !==
        createHash("sha1")
          .update(key + GUID)
          .digest("base64")
      )
        return { fault: "its response does not accept the WebSocket" };
      if (!hasPinged) {
        hasPinged = true;
        return maskedFrame(PING, payload);
      }
      for (const { opcode, content } of framesOf(received.subarray(length))) {
        if (opcode === PONG && content.equals(payload)) return { fault: undefined };
        if (opcode === CLOSE) return { fault: "it closed the WebSocket" };
      }
      return "wait";
    },
  };
}

function acceptOf(head: ResponseHead): string {
  let accept = "";
  head.eachField((name, value) => {
    if (name.toLowerCase() === "sec-websocket-accept") accept = value;
  });
  return accept;
}

/** A final frame of a client with at most 125 bytes. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, n) => byte ^ mask[n % 4]!);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}

/** The complete frames of a server, in order. */
function* framesOf(bytes: Buffer): Generator<{ opcode: number; content: Buffer }> {
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1]! & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const begin = at + 2 + extended;
    if (begin > bytes.length) return;
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (begin + length > bytes.length) return;
    yield { opcode: bytes[at]! & 0x0f, content: bytes.subarray(begin, begin + length) };
    at = begin + length;
  }
}
