import type { LineFormat, ShownFields } from "./line-format.js";
import { LoggedTexts, type LoggedTextOptions } from "./logged-texts.js";
import { LocalTimes } from "./line-times.js";

/** Quotation marks, backslashes, and all bytes that are not visible ASCII. */
const UNSAFE = /[^ !#-[\]-~]/;
const UNSAFE_ALL = /[^ !#-[\]-~]/g;
/** The same, and spaces: fields without quotation marks end at the next space. */
const UNSAFE_UNQUOTED = /[^!#-[\]-~]/g;

/** Bytes, one character each, escaped as nginx does: `\x22`. */
export function escapedBytes(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, escaped) : text;
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** The name of a user is text, not bytes. */
function userText(user: string): string {
  const bytes = Buffer.from(user, "utf8").toString("latin1");
  return bytes.replace(UNSAFE_UNQUOTED, escaped);
}

/**
 * The combined log format, which Apache and nginx write, or the common log format, which lacks Referer and User-Agent.
 */
export function combinedFormat(
  format: "combined" | "common",
  shown: ShownFields,
  options: Omit<LoggedTextOptions, "escape">,
): LineFormat {
  const { figures = true, visitors = true, userAgents = true } = shown;
  const texts = new LoggedTexts({ ...options, escape: escapedBytes });
  const times = new LocalTimes();
  const isCombined = format === "combined";
  return (request, ownBytes, _place, time) => {
    const { user, line } = request;
    const visitor = visitors ? request.address : "-";
    const name = user === undefined || user === "" ? "-" : userText(user);
    const bytes = !figures ? "-" : ownBytes > 0 ? ownBytes : request.bytesOut;
    const asked = line === "" ? "-" : texts.line(line);
    const common = `${visitor} - ${name} [${times.text(time)}] "${asked}" ${request.status} ${bytes}`;
    if (!isCombined) return common;
    const { referer } = request;
    const from = referer === "" ? "-" : texts.referer(referer);
    const agent = userAgents ? request.userAgent : "";
    return `${common} "${from}" "${agent === "" ? "-" : texts.userAgent(agent)}"`;
  };
}
