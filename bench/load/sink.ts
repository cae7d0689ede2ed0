/**
 * An origin that swallows what it is sent and answers with the number of bytes. At SIGUSR2 it reports { received }, the bytes of
 * all bodies so far: what an uploader has handed to its kernel is not there yet.
 */
import { createServer, type Socket } from "node:net";
import { report, settings } from "./settings.ts";

const { host, port } = settings<{ host: string; port: number }>();

let received = 0;
process.on("SIGUSR2", () => report({ received }));

createServer({ noDelay: true }, serve).listen(port, host);

function serve(socket: Socket): void {
  let head = "";
  let length = 0;
  let left = -1;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    let bytes = chunk.length;
    if (left < 0) {
      const before = head.length;
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const found = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end));
      if (!found)
        return void socket.end("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      left = length = Number(found[1]);
      bytes = chunk.length - (end + 4 - before);
      head = "";
    }
    left -= bytes;
    received += bytes;
    if (left > 0) return;
    left = -1;
    const body = `${length}`;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
}
