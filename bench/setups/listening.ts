import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Process } from "../process.ts";

const PATIENCE_MS = 15_000;

/**
 * Waits until a program listens on `port` in the process's network namespace. It reads the kernel's table, so no probe
 * is counted or logged.
 */
export async function listening(child: Process, port: number): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await pause(10)) {
    if (child.ended) throw new Error(child.obituary());
    if (isListening(connections(child.pid), port)) return;
  }
  throw new Error(`${child.name} does not listen on port ${port} after ${PATIENCE_MS / 1000} s`);
}

function connections(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/net/tcp`, "utf8");
  } catch {
    // It has just ended; the next iteration notices.
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
