/** An origin whose every response is a long text, in which `find` occurs once in about 1,000 bytes. */
import { createServer } from "node:net";
import { settings } from "./settings.ts";

const { host, port, bytes, find } = settings<{ host: string; port: number; bytes: number; find: string }>();

const SENTENCE = "Routes choose the target of a request by its host and its path, and send it there at once. ";
const link = `<a href="https://${find}/path">link</a> `;
const paragraph = link + SENTENCE.repeat(Math.ceil((1_000 - link.length) / SENTENCE.length));
const block = Buffer.from(paragraph.repeat(64));

createServer({ noDelay: true }, (socket) => {
  let unsent = 0;
  const send = (): void => {
    while (unsent > 0 && !socket.destroyed) {
      const piece = unsent < block.length ? block.subarray(0, unsent) : block;
      unsent -= piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on("error", () => {});
  socket.on("drain", send);
  // Requests have no body, and one follows the other.
  socket.on("data", () => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bytes}\r\n\r\n`);
    unsent = bytes;
    send();
  });
}).listen(port, host);
