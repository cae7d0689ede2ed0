import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Process } from "../process.ts";

const TIMEOUT_MS = 15_000;

/**
 * Waits until a program listens on `port` in the process's network namespace. It reads the kernel's table, so no
 * connection is counted or logged.
 */
export async function listening(child: Process, port: number): Promise<void> {
  for (const until = Date.now() + TIMEOUT_MS; Date.now() < until; await pause(10)) {
    if (child.ended) throw new Error(child.obituary());
    if (isListening(connections(child.pid), port)) return;
  }
  throw new Error(`${child.name} does not listen on port ${port} after ${TIMEOUT_MS / 1000} s`);
}

function connections(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/net/tcp`, "utf8");
  } catch {
    // The process has just ended; the next iteration detects this.
    return "";
  }
}

function isListening(table: string, port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").some((row) => {
    const [, local, , state] = row.trim().split(/\s+/);
    return local?.endsWith(wanted) === true && state === "0A";
  });
}
