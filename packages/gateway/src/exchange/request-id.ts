import { randomBytes } from "node:crypto";

/** Distinguishes this process from every other. */
const PREFIX = randomBytes(5).toString("hex");
let count = 0;

/** A short id, unique among all requests of all servers. */
export function nextRequestId(): string {
  return `${PREFIX}-${(++count).toString(36)}`;
}
