/** A visitor that downloads one response in a coding, and discards its bytes. It reports { bytes, seconds }. */
import { dial, fail, report, settings, type Target } from "./settings.ts";

const target = settings<Target & { coding: string }>();
const { host, path, coding } = target;
const buffer = Buffer.alloc(1 << 20);
let bytes = 0;
let started = 0;
let head = "";

const onread = {
  buffer,
  callback: (count: number) => {
    if (head.length < 1_024) head += buffer.toString("latin1", 0, Math.min(count, 1_024));
    bytes += count;
    return true;
  },
};
const socket = dial(target, onread, () => {
  started = performance.now();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: ${coding}\r\nConnection: close\r\n\r\n`);
});
socket.once("error", (error) => fail(`download: ${error.message}`));
socket.once("end", () => {
  if (!new RegExp(`^HTTP/1.1 200 [^]*\\r\\nContent-Encoding: ${coding}\\r\\n`, "i").test(head))
    fail(`response: ${head}`);
  report({ bytes, seconds: (performance.now() - started) / 1000 });
  socket.destroy();
});
