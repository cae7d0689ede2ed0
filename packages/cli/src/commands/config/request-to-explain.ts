import { isIP } from "node:net";
import { parseAuthority } from "@postern/gateway";
import { unmapped } from "@postern/net";
import { CliError } from "../../errors.js";
import { printable } from "../../terminal/printable.js";

export const EXPLAIN_EXAMPLE = "For example: postern config explain GET http://localhost:8080/api/users";

/** A request on the command line. */
export interface RequestToExplain {
  readonly scheme: "http" | "https";
  readonly method: string;
  readonly url: string;
  /** The canonical host of the URL, or of a Host field, with its port. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Without Host. */
  readonly headers: readonly HeaderField[];
  /** The visitor's IP address. */
  readonly address: string;
}

type HeaderField = readonly [name: string, value: string];

/** What the command line says about a request. */
export interface GivenRequest {
  /** `GET http://host/path`, or a URL alone. */
  readonly text: string;
  /** Lines `Name: value`. */
  readonly headers: readonly string[];
  /** The visitor's address. */
  readonly from: string;
}

/** @throws CliError PN_USAGE */
export function requestToExplain({ text, headers, from }: GivenRequest): RequestToExplain {
  // The path is not normalized: routing depends on how it is written.
  const parts = /^(?:([A-Z]+) )?(https?):\/\/([^/?#\s]+)(\/[!-"$-~]*)?$/.exec(text);
  const requested = parts === null ? undefined : parseAuthority(parts[3]!);
  if (parts === null || requested === undefined)
    throw new CliError("PN_USAGE", `${JSON.stringify(text)} is not a method and a URL.`, EXPLAIN_EXAMPLE);
  const [, method = "GET", , , path = "/"] = parts;
  const scheme = parts[2] === "https" ? "https" : "http";
  const fields = headers.map(headerField);
  // As in curl, Host replaces the host of the URL.
  const host = fields.find(isHost);
  const authority = host === undefined ? requested : parseAuthority(host[1]);
  if (authority === undefined)
    throw new CliError("PN_USAGE", `--header "Host: ${printable(host![1])}" does not contain a host.`);
  return {
    scheme,
    method,
    url: `${scheme}://${requested.text}${path}`,
    authority: authority.text,
    path,
    headers: fields.filter((field) => field !== host),
    address: visitorAddress(from),
  };
}

function isHost([name]: HeaderField): boolean {
  return name.toLowerCase() === "host";
}

function headerField(text: string): HeaderField {
  const parts = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\x80-\u{10ffff}]*)$/u.exec(text);
  if (parts === null)
    throw new CliError(
      "PN_USAGE",
      `--header ${JSON.stringify(text)} is not a header field.`,
      'Write a name, a colon and a value: --header "X-Version: 2"',
    );
  return [parts[1]!, parts[2]!.trimEnd()];
}

function visitorAddress(text: string): string {
  if (isIP(text) > 0) return unmapped(text);
  throw new CliError(
    "PN_USAGE",
    `--from ${JSON.stringify(text)} is not an IP address.`,
    "Give the address of one visitor: --from 192.0.2.1 or --from 2001:db8::1",
  );
}
