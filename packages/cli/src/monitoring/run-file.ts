import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A running client and the address of its local API. */
export interface RunningClient {
  schema: 1;
  pid: number;
  /** The URL of the local API. */
  api: string;
  /** ISO 8601. */
  started: string;
  command: string;
  /** The token that the local API requires. Absent in the files of older versions, whose API requires none. */
  token?: string;
}

/** A larger file is not a run file. */
const MAX_BYTES = 4_096;
const NAME = /^client-(\d+)\.json$/;

/** The folder of run files: in $XDG_RUNTIME_DIR, otherwise in the user's state folder. */
export function runFolder(env: NodeJS.ProcessEnv): string {
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime) return join(runtime, "postern");
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "postern", "run");
}

/**
 * Writes the run file of a client, readable by this user only. Returns a function that removes it. @throws the system's
 * error.
 */
export function announceClient(folder: string, client: RunningClient): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOwn(folder)) throw new Error(`${folder} belongs to another user, or other users can change it`);
  const path = join(folder, `client-${client.pid}.json`);
  const beside = `${path}.new`;
  writeFileSync(beside, JSON.stringify(client), { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, path);
  return () => rmSync(path, { force: true });
}

/** Lists the clients whose process is alive, and removes the files of others. */
export function runningClients(folder: string): RunningClient[] {
  if (!isOwn(folder)) return [];
  const found: RunningClient[] = [];
  for (const name of readdirSync(folder)) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    const path = join(folder, name);
    const client = isAlive(pid) ? read(path) : undefined;
    if (client?.pid === pid) found.push(client);
    else rmSync(path, { force: true });
  }
  return found.toSorted((one, other) => one.started.localeCompare(other.started));
}

/** Removes the file of a client whose process id now belongs to another process. */
export function forgetClient(folder: string, { pid }: RunningClient): void {
  rmSync(join(folder, `client-${pid}.json`), { force: true });
}

function read(path: string): RunningClient | undefined {
  try {
    const stat = lstatSync(path);
    if (!stat.isFile() || stat.size > MAX_BYTES) return undefined;
    const { schema, pid, api, started, command, token } = JSON.parse(readFileSync(path, "utf8")) as Record<
      string,
      unknown
    >;
    if (schema !== 1 || typeof pid !== "number" || typeof started !== "string" || typeof command !== "string")
      return undefined;
    const isToken = typeof token === "string" && /^[\w-]{1,128}$/.test(token);
    // Requests must never be sent to another machine, even if the file names one.
    const isLocal = typeof api === "string" && /^http:\/\/(127(\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/.test(api);
    return isLocal ? { schema, pid, api, started, command, ...(isToken && { token }) } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the folder exists, belongs to this user, and only this user can write to it. */
function isOwn(folder: string): boolean {
  try {
    const stat = lstatSync(folder);
    if (!stat.isDirectory()) return false;
    return process.platform === "win32" || (stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0);
  } catch {
    return false;
  }
}
