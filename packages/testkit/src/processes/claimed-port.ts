import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Below the kernel's port range for outgoing connections, so that no connection uses a claimed port.
const FIRST = 12_000;
const LAST = 32_000;
const CLAIMS = join(tmpdir(), "postern-test-ports");

const mine: string[] = [];
let next = FIRST + (process.pid % (LAST - FIRST));

/** Claims a free loopback port for a child process. No other test process can claim it while this one runs. */
export async function claimPort(): Promise<number> {
  mkdirSync(CLAIMS, { recursive: true });
  for (let tries = FIRST; tries < LAST; tries += 1) {
    const port = next;
    next = next + 1 < LAST ? next + 1 : FIRST;
    if (claim(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

function claim(port: number): boolean {
  const file = join(CLAIMS, String(port));
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch {
    if (isAlive(Number(read(file)))) return false;
    rmSync(file, { force: true });
    return false;
  }
  if (mine.push(file) === 1) process.once("exit", () => mine.forEach((path) => rmSync(path, { force: true })));
  return true;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
