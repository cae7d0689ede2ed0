/**
 * A visitor that sends `rate` requests a second, even while earlier ones are open: each request uses an idle keep-alive
 * connection, or a new one. After `seconds` it reports { latencies } in milliseconds, from the write of the request to
 * the last byte of the response. The first second is not counted.
 */
import { connect, type Socket } from "node:net";
import { ResponseReader } from "./response-reader.ts";
import { fail, report, settings, split, type Target } from "./settings.ts";

const WARM_UP_MS = 1000;

const { address, host, path, rate, seconds } = settings<Target & { rate: number; seconds: number }>();
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

interface Connection {
  socket: Socket;
  sentAt: number;
}

const idle: Connection[] = [];
const latencies: number[] = [];
const started = performance.now();
const total = Math.round(rate * (seconds + WARM_UP_MS / 1000));
let sent = 0;
let waiting = 0;

tick();

function tick(): void {
  const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * rate) + 1);
  for (; sent < due; sent++) send();
  if (sent < total) setTimeout(tick, Math.max(1, started + (sent / rate) * 1000 - performance.now()));
  else if (waiting === 0) finish();
}

function send(): void {
  waiting++;
  const connection = idle.pop() ?? open();
  connection.sentAt = performance.now();
  connection.socket.write(request);
}

function open(): Connection {
  const socket = connect({ ...split(address), noDelay: true });
  const connection = { socket, sentAt: 0 };
  const reader = new ResponseReader(
    () => {},
    () => finished(connection),
  );
  socket.on("data", (chunk) => reader.push(chunk));
  socket.once("error", (error) => fail(`small request: ${error.message}`));
  socket.once("end", () => fail("small request: the connection was closed"));
  return connection;
}

function finished(connection: Connection): void {
  waiting--;
  if (connection.sentAt - started >= WARM_UP_MS) latencies.push(performance.now() - connection.sentAt);
  idle.push(connection);
  if (sent === total && waiting === 0) finish();
}

function finish(): void {
  report({ latencies });
  // The process ends when all of it has been written.
  for (const { socket } of idle) socket.destroy();
}
