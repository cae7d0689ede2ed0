import { createHash } from "node:crypto";
import type { ApiKey } from "@postern/server";
import { CliError } from "../errors.js";

const MIN_KEY = 16;
const MAX_KEY = 256;
const KEY = /^[\x21-\x7e]+$/;
const OWNER = /^[\w.@-]{1,64}$/;
const FORM = "Each line is `name key` or `key`; `#` starts a comment.";

/**
 * Parses API keys: one per line, `name key` or `key`, comments after `#`.
 * @param source the name of the text in messages, for instance its file. Messages never contain a key.
 * Throws PN_KEY_INVALID, and PN_KEY_AMBIGUOUS when a key occurs twice.
 */
export function parseApiKeys(text: string, source: string): ApiKey[] {
  const keys: ApiKey[] = [];
  const lines = new Map<string, number>();
  for (const { line, words } of keyLines(text)) {
    const at = `${source}, line ${line}`;
    const [first = "", second] = words;
    if (words.length > 2) throw new CliError("PN_KEY_INVALID", `${at}: more than two words.`, FORM);
    if (second !== undefined && !OWNER.test(first)) {
      throw new CliError("PN_KEY_INVALID", `${at}: the name must be 1 to 64 letters, digits, or . _ @ -`, FORM);
    }
    const key = second ?? first;
    checkKey(key, at);
    const earlier = lines.get(key);
    if (earlier !== undefined) throw new CliError("PN_KEY_AMBIGUOUS", `${at}: duplicates the key in line ${earlier}.`);
    lines.set(key, line);
    keys.push({ owner: second === undefined ? namelessOwner(key) : first, key });
  }
  return keys;
}

/** Parses the single key of a client: `key` or `name key`, comments allowed. The server checks its length. */
export function parseClientKey(text: string, source: string): string {
  const entries = [...keyLines(text)];
  const words = entries[0]?.words ?? [];
  const key = words.at(-1);
  if (key === undefined) throw new CliError("PN_KEY_MISSING", `${source} contains no API key.`);
  if (entries.length > 1) {
    throw new CliError(
      "PN_KEY_AMBIGUOUS",
      `${source} contains ${entries.length} API keys.`,
      "A client needs a file with exactly one key.",
    );
  }
  if (words.length > 2 || !KEY.test(key))
    throw new CliError("PN_KEY_INVALID", `${source} does not contain a valid API key.`, FORM);
  return key;
}

function* keyLines(text: string): Generator<{ line: number; words: string[] }> {
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const words = raw.split(/\s+/).filter((word) => word !== "");
    const comment = words.findIndex((word) => word.startsWith("#"));
    if (comment !== -1) words.length = comment;
    if (words.length > 0) yield { line: index + 1, words };
  }
}

function checkKey(key: string, at: string): void {
  if (key.length < MIN_KEY || key.length > MAX_KEY) {
    const fix = "Generate one with: head -c 24 /dev/urandom | base64";
    throw new CliError(
      "PN_KEY_INVALID",
      `${at}: the key has ${key.length} characters; the allowed length is ${MIN_KEY} to ${MAX_KEY}.`,
      fix,
    );
  }
  if (!KEY.test(key))
    throw new CliError("PN_KEY_INVALID", `${at}: the key contains characters other than printable ASCII.`);
}

/** Derived from the key rather than its line, so that names keep their owner when lines move. */
function namelessOwner(key: string): string {
  return `key-${createHash("sha256").update(key).digest("hex").slice(0, 8)}`;
}
