/**
 * A visitor that downloads over one connection as fast as it can. It reads into one buffer and throws the bytes away.
 * Reports { bytes, seconds } after `times` answers; without `times` it goes on until SIGTERM, and reports { flowing }
 * once `flowingBytes` have come.
 */
import { ResponseReader } from "./response-reader.ts";
import { dial, fail, report, settings, type Target } from "./settings.ts";

const target = settings<Target & { times?: number; flowingBytes?: number }>();
const { host, path, times, flowingBytes } = target;

let bytes = 0;
let answers = 0;
let started = 0;
let flowing = flowingBytes === undefined;
const buffer = Buffer.alloc(1 << 20);

const reader = new ResponseReader(
  (count) => {
    bytes += count;
    if (flowing || bytes < flowingBytes!) return;
    flowing = true;
    bytes = 0;
    started = performance.now();
    report({ flowing: true });
  },
  () => (++answers === times ? finish() : ask()),
);

const onread = {
  buffer,
  callback: (count: number) => {
    reader.push(buffer.subarray(0, count));
    return true;
  },
};
const socket = dial(target, onread, () => {
  started = performance.now();
  ask();
});
// Node reads TLS into buffers of its own.
if (target.secure === true) socket.on("data", (chunk) => reader.push(chunk));
socket.once("error", (error) => fail(`download: ${error.message}`));
socket.once("end", () => fail(`download: closed after ${bytes} bytes of answer ${answers + 1}`));
process.once("SIGTERM", finish);

function ask(): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

function finish(): void {
  report({ bytes, seconds: (performance.now() - started) / 1000 });
  socket.removeAllListeners("end");
  socket.destroy();
}
