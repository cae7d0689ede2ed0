/**
 * A visitor that keeps `connections` open and sends small requests in bursts. For each line { milliseconds } on its
 * standard input, every connection sends one request after the other until the time has passed. It reports { requests }
 * when the last response has arrived, so nothing is under way between bursts.
 */
import { createInterface } from "node:readline";
import { ResponseReader } from "./response-reader.ts";
import { dial, fail, report, settings, type Target } from "./settings.ts";

const target = settings<Target & { connections: number }>();
const request = Buffer.from(`GET ${target.path} HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`);
/** Shared, because each read is parsed before the next one. */
const buffer = Buffer.alloc(1 << 16);

let deadline = 0;
let requests = 0;
let busy = 0;

const visitors = await Promise.all(Array.from({ length: target.connections }, open));
report({ connections: visitors.length });
createInterface({ input: process.stdin }).on("line", (line) => burst(JSON.parse(line) as { milliseconds: number }));

function open(): Promise<() => void> {
  return new Promise((resolve) => {
    const send = (): void => void socket.write(request);
    const reader = new ResponseReader(
      () => {},
      () => {
        requests++;
        if (performance.now() < deadline) send();
        else if (--busy === 0) report({ requests });
      },
    );
    const callback = (bytes: number): boolean => {
      reader.push(buffer.subarray(0, bytes));
      return true;
    };
    const socket = dial(target, { buffer, callback }, () => resolve(send));
    socket.once("error", (error) => fail(`bursts: ${error.message}`));
    socket.once("end", () => fail("bursts: the connection was closed"));
  });
}

function burst({ milliseconds }: { milliseconds: number }): void {
  requests = 0;
  busy = visitors.length;
  deadline = performance.now() + milliseconds;
  for (const send of visitors) send();
}
