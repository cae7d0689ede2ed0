import { COMMA, HTAB, SP } from "./octet.js";

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/;
const CODING = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:[\t ]*;[\t ]*[!#$%&'*+.^_`|~0-9a-z-]+=[!#$%&'*+.^_`|~0-9a-z-]+)*$/;

/** The tokens of a comma-separated list, in lower case (RFC 9110 5.6.1); undefined when an element is not one. */
export function parseTokens(value: string): string[] | undefined {
  return parseList(value, TOKEN);
}

/**
 * The protocols of an Upgrade field, `name` or `name/version` in lower case (RFC 9110 7.8); undefined when an element
 * is not one.
 */
export function parseProtocols(value: string): string[] | undefined {
  return parseList(value, PROTOCOL);
}

/** Protocols that carry the same request in another form: the request needs none of them. */
const OPTIONAL = /^(?:h2c?|http|tls)(?:\/|$)/i;

/** The value of an Upgrade field without other versions of HTTP and TLS; unchanged if there are none. */
export function withoutOptionalProtocols(value: string): string {
  const protocols = value.split(",").map((protocol) => trimmed(protocol));
  if (!protocols.some((protocol) => OPTIONAL.test(protocol))) return value;
  return protocols.filter((protocol) => protocol !== "" && !OPTIONAL.test(protocol)).join(", ");
}

/**
 * The codings of a TE field with their parameters, in lower case (RFC 9110 10.1.4); undefined when an element is not
 * one, or contains a quoted string.
 */
export function parseCodings(value: string): string[] | undefined {
  return parseList(value, CODING);
}

/** Empty elements are ignored. */
function parseList(value: string, element: RegExp): string[] | undefined {
  const elements: string[] = [];
  let start = 0;
  for (let at = 0; at <= value.length; at++) {
    if (at < value.length && value.charCodeAt(at) !== COMMA) continue;
    const text = trimmed(value, start, at).toLowerCase();
    start = at + 1;
    if (text === "") continue;
    if (!element.test(text)) return undefined;
    elements.push(text);
  }
  return elements;
}

/** Text without HTTP's white space around it, which is less than `String.trim` removes. */
export function trimmed(text: string, start = 0, end = text.length): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === SP || code === HTAB;
}
