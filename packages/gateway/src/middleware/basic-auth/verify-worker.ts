import { parentPort } from "node:worker_threads";
import { hasHash } from "./password-hash.ts";

/** A password to check. */
export interface Check {
  readonly password: Uint8Array;
  readonly hash: string;
}

const port = parentPort!;
port.on("message", ({ password, hash }: Check) => {
  const bytes = Buffer.from(password);
  const isRight = hasHash(bytes, hash);
  bytes.fill(0);
  password.fill(0);
  port.postMessage(isRight);
});
