import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../settings/make-folder.js";
import type { Settings } from "../settings/configuration.js";
import { stateFolder } from "./refresh-state.js";

/** The file in the state folder that contains secrets of this machine. */
const SECRETS = "secrets";
/** A key is 32 bytes in base64url. */
const KEY = /^cookie_key = "([\w-]{43})"$/m;

/**
 * The key of the gateway's cookies: from the file `secrets` in the state folder, which is made at the first call. If
 * that is not possible, the key is a random one, and `warn` is called.
 */
export function cookieKey(settings: Settings, warn: (text: string) => void): string {
  const given = settings.loaded.values.server.state_dir;
  const folder = given === undefined ? stateFolder(settings.env) : settings.pathOf(given, "server", "state_dir");
  const file = join(folder, SECRETS);
  try {
    return storedKey(file) ?? newKey(folder, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(
      `Cookies of sticky_sessions and of logins are only valid until the next start: ${reason}. Set state_dir in [server].`,
    );
    return randomBytes(32).toString("base64url");
  }
}

/** @returns undefined if there is no file. @throws if it has another content, or the system's error. */
function storedKey(file: string): string | undefined {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const [, key] = KEY.exec(text) ?? [];
  if (key === undefined) throw new Error(`${file} contains no key; remove it to make a new one`);
  return key;
}

/** Makes the file with a new key, unless another process makes it at the same time. */
function newKey(folder: string, file: string): string {
  makeFolder(folder, 0o700);
  const key = randomBytes(32).toString("base64url");
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `cookie_key = "${key}"\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, file);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return storedKey(file) ?? key;
  } finally {
    rmSync(draft, { force: true });
  }
}
