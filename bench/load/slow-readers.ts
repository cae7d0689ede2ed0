/**
 * Visitors that each read a large response at a steady rate. The script reports { reading } when all of them have their
 * first bytes, and on SIGTERM { seconds, bytes, slowest }: all bytes, and those of the slowest reader, since `reading`.
 */
import { connect, type Socket } from "node:net";
import { fail, report, settings, split, type Target } from "./settings.ts";

const TICK_MS = 50;

const { address, host, path, readers, bytesPerSecond } = settings<
  Target & { readers: number; bytesPerSecond: number }
>();

interface Reader {
  socket: Socket;
  started: number;
  bytes: number;
  /** The bytes that it had received when all readers had started. */
  before: number;
}

const all: Reader[] = [];
let reading = 0;
let since = 0;

for (let index = 0; index < readers; index++) all.push(open());

function open(): Reader {
  const socket = connect({ ...split(address), noDelay: true });
  const reader: Reader = { socket, started: 0, bytes: 0, before: 0 };
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  socket.once("data", (chunk) => {
    if (!chunk.toString("latin1", 0, 13).startsWith("HTTP/1.1 200 "))
      fail(`slow reader: ${chunk.toString("latin1", 0, 200)}`);
    reader.started = performance.now();
    if (++reading === readers) begin();
  });
  socket.on("data", (chunk) => {
    reader.bytes += chunk.length;
    if (reader.bytes > allowed(reader)) socket.pause();
  });
  socket.once("error", (error) => fail(`slow reader: ${error.message}`));
  socket.once("end", () => fail(`slow reader: the response ended after ${reader.bytes} bytes`));
  return reader;
}

function allowed(reader: Reader): number {
  return ((performance.now() - reader.started) / 1000) * bytesPerSecond;
}

function begin(): void {
  since = performance.now();
  for (const reader of all) reader.before = reader.bytes;
  report({ reading: true });
}

setInterval(() => {
  for (const reader of all) if (reader.socket.isPaused() && reader.bytes <= allowed(reader)) reader.socket.resume();
}, TICK_MS);

process.once("SIGTERM", () => {
  const read = all.map((reader) => reader.bytes - reader.before);
  const bytes = read.reduce((sum, count) => sum + count, 0);
  report({ seconds: (performance.now() - since) / 1000, bytes, slowest: Math.min(...read) });
  process.exit(0);
});
