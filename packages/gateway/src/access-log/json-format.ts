import type { LineFormat, ShownFields } from "./line-format.js";
import { LoggedTexts, type LoggedTextOptions } from "./logged-texts.js";
import { IsoTimes } from "./line-times.js";

/** Everything but visible ASCII, and what JSON escapes. */
const UNSAFE = /[^ !#-[\]-~]/;
const UNSAFE_ALL = /[^ -~]/g;

/** A text as JSON, in visible ASCII. */
export function jsonText(text: string): string {
  if (!UNSAFE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(UNSAFE_ALL, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** One JSON object for each request. */
export function jsonFormat(shown: ShownFields, options: Omit<LoggedTextOptions, "escape">): LineFormat {
  const { ids = true, figures = true, visitors = true, hosts = true, userAgents = true } = shown;
  const texts = new LoggedTexts({ ...options, escape: jsonText });
  const times = new IsoTimes();
  return (request, ownBytes, { route, target }, time) => {
    const { status, user, referer, userAgent, ended, code, flaw, traceId } = request;
    let line = `{"time":"${times.text(time)}"`;
    if (ids) {
      line += `,"request_id":${texts.text(request.id)}`;
      if (traceId !== "") line += `,"trace_id":"${traceId}"`;
    }
    if (visitors) line += `,"visitor":${texts.text(request.address)}`;
    if (user !== undefined) line += `,"user":${texts.text(user)}`;
    line += `,"method":${texts.text(request.method)}`;
    if (hosts && request.host !== "") line += `,"host":${texts.text(request.host)}`;
    line += `,"path":${texts.target(request.path)},"protocol":"${request.protocol}","status":${status}`;
    if (figures) {
      const duration = Math.round((request.endedAt - request.startedAt) * 10) / 10;
      const bytesOut = ownBytes > 0 ? ownBytes : request.bytesOut;
      line += `,"duration_ms":${duration},"bytes_in":${request.bytesIn},"bytes_out":${bytesOut}`;
    }
    if (referer !== "") line += `,"referer":${texts.referer(referer)}`;
    if (userAgents && userAgent !== "") line += `,"user_agent":${texts.userAgent(userAgent)}`;
    if (route !== undefined) line += `,"route":${texts.text(route)}`;
    if (target !== undefined) line += `,"target":${texts.text(target)}`;
    line += `,"ended":"${ended}"`;
    if (code !== undefined) line += `,"code":"${code}"`;
    if (flaw !== undefined) line += `,"flaw":"${flaw}"`;
    return `${line}}`;
  };
}
