import type { Duplex } from "node:stream";

/** Bytes that a visitor may send behind its request until the response has been sent. */
const MOST_DROPPED = 1024 * 1024;
const HEAD_END = "\r\n\r\n";
const CR = 0x0d;
const LF = 0x0a;
const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;

/**
 * Takes everything behind the first head out of `socket` and returns it. node:http handles all requests of one packet
 * in one turn of the event loop, however many a visitor pipelines. `socket` is paused, and its unread bytes begin with
 * a complete head, which the gateway has accepted.
 */
export function keepFirstHead(socket: Duplex): Buffer {
  const unread = (socket.read() as Buffer | null) ?? Buffer.alloc(0);
  let start = 0;
  while (unread[start] === CR || unread[start] === LF) start++;
  const headEnd = unread.indexOf(HEAD_END, start);
  const end = headEnd < 0 ? unread.length : headEnd + HEAD_END.length;
  lowerVersion(unread, start);
  if (end > 0) socket.unshift(unread.subarray(0, end));
  return unread.subarray(end);
}

/**
 * Changes HTTP/1.2 to 1.9 in the request line at `start` to HTTP/1.1, as the gateway reads them (RFC 9110 2.5).
 * node:http refuses them.
 */
function lowerVersion(head: Buffer, start: number): void {
  const minor = head.indexOf(CR, start) - 1;
  if (minor >= start && head[minor] !== DIGIT_0) head[minor] = DIGIT_1;
}

/** Drops what still arrives on `socket`, which node:http would read as more requests. */
export function dropInput(socket: Duplex): void {
  let dropped = 0;
  const drop = ({ length }: Buffer): void => {
    dropped += length;
    if (dropped > MOST_DROPPED) socket.destroy();
  };
  // A listener makes node:http read through the stream, and without its own listener it reads nothing.
  socket.on("data", drop);
  socket.removeAllListeners("data");
  socket.on("data", drop);
}
