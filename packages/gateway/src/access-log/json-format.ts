import type { FinishedRequest } from "../route.js";
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

/** Texts that are the same for many requests, with the name of their field. */
class RepeatedField {
  readonly #name: string;
  #last: string | undefined;
  #lastField = "";

  constructor(name: string) {
    this.#name = name;
  }

  /** Empty for undefined. */
  of(text: string | undefined): string {
    if (text === this.#last) return this.#lastField;
    this.#last = text;
    return (this.#lastField = text === undefined ? "" : `,"${this.#name}":${jsonText(text)}`);
  }
}

/** Protocol and status as fields, for the few combinations that occur. */
class StatusFields {
  readonly #fields = new Map<number, string>();

  of({ protocol, status }: Pick<FinishedRequest, "protocol" | "status">): string {
    const key = protocol === "HTTP/1.1" ? status : -status;
    const known = this.#fields.get(key);
    if (known !== undefined) return known;
    const fields = `,"protocol":"${protocol}","status":${status}`;
    this.#fields.set(key, fields);
    return fields;
  }
}

/** A time with at most one decimal. Whole numbers become text much faster than fractions. */
function tenthsText(milliseconds: number): string {
  const tenths = Math.round(milliseconds * 10);
  const rest = tenths % 10;
  return rest === 0 ? `${tenths / 10}` : `${(tenths - rest) / 10}.${rest}`;
}

/** One JSON object for each request. */
export function jsonFormat(shown: ShownFields, options: Omit<LoggedTextOptions, "escape">): LineFormat {
  const { ids = true, figures = true, visitors = true, hosts = true, userAgents = true } = shown;
  const texts = new LoggedTexts({ ...options, escape: jsonText });
  const times = new IsoTimes();
  const statuses = new StatusFields();
  const [visitor, method, host] = [
    new RepeatedField("visitor"),
    new RepeatedField("method"),
    new RepeatedField("host"),
  ];
  const [places, targets] = [new RepeatedField("route"), new RepeatedField("target")];
  return (request, ownBytes, { route, target }, time) => {
    const { user, referer, code, flaw, traceId } = request;
    const userAgent = userAgents ? request.userAgent : "";
    let line = `{"time":"${times.text(time)}"`;
    if (ids) line += `,"request_id":${jsonText(request.id)}`;
    if (ids && traceId !== "") line += `,"trace_id":"${traceId}"`;
    if (visitors) line += visitor.of(request.address);
    if (user !== undefined) line += `,"user":${jsonText(user)}`;
    line += method.of(request.method);
    if (hosts && request.host !== "") line += host.of(request.host);
    line += `,"path":${texts.target(request.path)}${statuses.of(request)}`;
    if (figures) {
      const duration = tenthsText(request.endedAt - request.startedAt);
      const bytesOut = ownBytes > 0 ? ownBytes : request.bytesOut;
      line += `,"duration_ms":${duration},"bytes_in":${request.bytesIn},"bytes_out":${bytesOut}`;
    }
    if (referer !== "") line += `,"referer":${texts.referer(referer)}`;
    if (userAgent !== "") line += `,"user_agent":${texts.userAgent(userAgent)}`;
    line += `${places.of(route)}${targets.of(target)},"ended":"${request.ended}"`;
    if (code !== undefined) line += `,"code":"${code}"`;
    return flaw === undefined ? `${line}}` : `${line},"flaw":"${flaw}"}`;
  };
}
