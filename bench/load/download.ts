/**
 * A visitor that downloads over one connection as fast as it can. It reads into one buffer and discards the bytes.
 * It reports { bytes, seconds } after `times` responses. Without `times` it continues until SIGTERM, and reports
 * { flowing } once `flowingBytes` have arrived.
 */
import { ResponseReader } from "./response-reader.ts";
import { dial, fail, report, settings, type Target } from "./settings.ts";

const target = settings<Target & { times?: number; flowingBytes?: number }>();
const { host, path, times, flowingBytes } = target;

let bytes = 0;
let responses = 0;
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
  () => (++responses === times ? finish() : request()),
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
  request();
});
socket.once("error", (error) => fail(`download: ${error.message}`));
socket.once("end", () => fail(`download: closed after ${bytes} bytes of response ${responses + 1}`));
process.once("SIGTERM", finish);

function request(): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

function finish(): void {
  report({ bytes, seconds: (performance.now() - started) / 1000 });
  socket.removeAllListeners("end");
  socket.destroy();
}
