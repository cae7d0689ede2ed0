/**
 * A visitor that uploads one body over one connection as fast as it can, always the same bytes.
 * It reports { bytes, seconds } when the response has arrived. With `flowingBytes` the body is endless: it reports
 * { flowing } once this many bytes have left, and continues until SIGTERM.
 */
import { ResponseReader } from "./response-reader.ts";
import { dial, fail, report, settings, type Target } from "./settings.ts";

const target = settings<Target & { length: number; flowingBytes?: number }>();
const { host, path, length, flowingBytes } = target;

const chunk = Buffer.alloc(1 << 18, "x");
let left = length;
let started = 0;
let flowing = flowingBytes === undefined;

const socket = dial(target, undefined, () => {
  started = performance.now();
  socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`);
  send();
});
const reader = new ResponseReader(() => {}, finish);
socket.on("data", (data) => {
  if (left > 0) fail(`response before the body was sent: ${data.toString("latin1", 0, 400)}`);
  reader.push(data);
});
socket.on("drain", send);
socket.once("error", (error) => fail(`upload: ${error.message}`));
socket.once("end", () => fail(`upload: closed ${left} bytes before the end of the body`));
process.once("SIGTERM", leave);

function send(): void {
  while (left > 0) {
    const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    const more = socket.write(part);
    noteFlow();
    if (!more) return;
  }
}

function noteFlow(): void {
  if (flowing || length - left - socket.writableLength < flowingBytes!) return;
  flowing = true;
  report({ flowing: true });
}

function finish(): void {
  report({ bytes: length, seconds: (performance.now() - started) / 1000 });
  leave();
}

function leave(): void {
  socket.removeAllListeners("end");
  socket.destroy();
}
