/**
 * Visitors that each make one request, `together` at a time, and keep their connections open until the process ends.
 * Reports { open } when all of them have their responses.
 */
import { holdOpen, type Crowd } from "./hold-open.ts";
import { ResponseReader } from "./response-reader.ts";
import { dial, fail, settings, type Target } from "./settings.ts";

const target = settings<Target & Crowd>();
const { path, host } = target;
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
/** Shared, because each read is parsed before the next one. */
const buffer = Buffer.alloc(1 << 16);

await holdOpen(target, visit);

function visit(): Promise<void> {
  return new Promise((resolve) => {
    const reader = new ResponseReader(() => {}, resolve);
    const callback = (bytes: number): boolean => {
      reader.push(buffer.subarray(0, bytes));
      return true;
    };
    const socket = dial(target, { buffer, callback }, () => void socket.write(request));
    socket.once("error", (error) => fail(`idle visitor: ${error.message}`));
    socket.once("end", () => fail("idle visitor: the connection was closed"));
  });
}
