/**
 * A visitor of HTTP/1.0 that downloads a text, whose end is that of the connection. It reads into one buffer and
 * discards the bytes. It reports { bytes, seconds, found }: those of the body, and how often `find` occurs at its
 * beginning.
 */
import { dial, fail, report, settings, type Target } from "./settings.ts";

/** Enough for the head, and several kilobytes of the body. */
const FIRST = 16 * 1024;

const target = settings<Target & { find: string }>();
const buffer = Buffer.alloc(1 << 20);
/** The head, and the first bytes of the body. */
let first = "";
let bytes = 0;
let started = 0;

const onread = {
  buffer,
  callback: (count: number) => {
    if (first.length < FIRST) first += buffer.toString("latin1", 0, count);
    bytes += count;
    return true;
  },
};
const socket = dial(target, onread, () => {
  started = performance.now();
  socket.write(`GET ${target.path} HTTP/1.0\r\nHost: ${target.host}\r\n\r\n`);
});
socket.once("error", (error) => fail(`text-download: ${error.message}`));
socket.once("end", () => {
  const head = first.indexOf("\r\n\r\n") + 4;
  if (!first.startsWith("HTTP/1.1 200 ")) fail(`text-download: ${first.slice(0, 200)}`);
  const found = first.split(target.find).length - 1;
  report({ bytes: bytes - head, seconds: (performance.now() - started) / 1000, found });
  socket.destroy();
});
