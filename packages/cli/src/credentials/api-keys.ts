import { createHash } from "node:crypto";
import type { ApiKey } from "@postern/server";
import { CliError } from "../errors.js";

const MIN_KEY = 16;
const MAX_KEY = 256;
const KEY = /^[\x21-\x7e]+$/;
const OWNER = /^[\w.@-]{1,64}$/;
const FORM = "Each line is `name key` or just `key`; `#` begins a comment.";

/**
 * Reads API keys: one a line, `name key` or `key`, comments after `#`.
 * @param source what messages call the text, for instance its file name; keys themselves are never repeated.
 * Throws PN_KEY_INVALID, and PN_KEY_AMBIGUOUS when a key occurs twice.
 */
export function parseApiKeys(text: string, source: string): ApiKey[] {
  const keys: ApiKey[] = [];
  const lines = new Map<string, number>();
  for (const { line, words } of keyLines(text)) {
    const at = `${source}, line ${line}`;
    const [first = "", second] = words;
    if (words.length > 2) throw new CliError("PN_KEY_INVALID", `${at}: more than a name and a key.`, FORM);
    if (second !== undefined && !OWNER.test(first)) {
      throw new CliError("PN_KEY_INVALID", `${at}: a name has 1 to 64 letters, digits and . _ @ -.`, FORM);
    }
    const key = second ?? first;
    checkKey(key, at);
    const earlier = lines.get(key);
    if (earlier !== undefined) throw new CliError("PN_KEY_AMBIGUOUS", `${at}: the same key as in line ${earlier}.`);
    lines.set(key, line);
    keys.push({ owner: second === undefined ? namelessOwner(key) : first, key });
  }
  return keys;
}

/** The one key of a client: `key` or `name key`, comments allowed. Its length is the server's business. */
export function parseClientKey(text: string, source: string): string {
  const entries = [...keyLines(text)];
  const words = entries[0]?.words ?? [];
  const key = words.at(-1);
  if (key === undefined) throw new CliError("PN_KEY_MISSING", `${source} holds no API key.`);
  if (entries.length > 1) {
    throw new CliError(
      "PN_KEY_AMBIGUOUS",
      `${source} holds ${entries.length} API keys.`,
      "A client needs a file with just its own.",
    );
  }
  if (words.length > 2 || !KEY.test(key))
    throw new CliError("PN_KEY_INVALID", `${source} does not hold an API key.`, FORM);
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
    const fix = "Make one with: head -c 24 /dev/urandom | base64";
    throw new CliError(
      "PN_KEY_INVALID",
      `${at}: the key has ${key.length} characters; it needs ${MIN_KEY} to ${MAX_KEY}.`,
      fix,
    );
  }
  if (!KEY.test(key)) throw new CliError("PN_KEY_INVALID", `${at}: the key has characters other than printable ASCII.`);
}

/** By the key and not by the line: an owner keeps its names when lines are moved, and nobody inherits them. */
function namelessOwner(key: string): string {
  return `key-${createHash("sha256").update(key).digest("hex").slice(0, 8)}`;
}
