import { CLI_ERRORS, LOCAL_API_REFUSALS } from "@postern/cli/errors";
import { refusals } from "@postern/gateway";
import { ERRORS } from "@postern/protocol";
import { baseDomainRefusals } from "@postern/server";
import { TLS_ERRORS } from "@postern/net";

/** An error code, merged from all tables that contain it. */
interface ErrorRow {
  code: string;
  /** HTTP status of the response to the visitor. */
  status?: number;
  /** Number on the wire. */
  number?: number;
  /** Exit code of the command. */
  exit?: number;
  retryable: boolean;
  /** What happened, and what to do. */
  messages: string[];
}

/** Returns every error code once. */
export function errorRows(): ErrorRow[] {
  const rows = new Map<string, ErrorRow>();
  const add = ({ messages, ...row }: ErrorRow): void => {
    const known = rows.get(row.code);
    rows.set(row.code, { ...known, ...row, messages: [...(known?.messages ?? []), ...messages] });
  };
  for (const { code, status, retryable, message, advice } of [
    ...Object.values(refusals),
    ...Object.values(baseDomainRefusals("https://NAME.<base domain>")),
  ])
    add({ code, status, retryable, messages: [advice === undefined ? message : `${message} Owner: ${advice}`] });
  for (const [code, { number, retryable, message }] of Object.entries(ERRORS))
    add({ code, number, retryable, messages: [message] });
  for (const [code, { exit, meaning }] of Object.entries(CLI_ERRORS))
    add({ code, exit, retryable: false, messages: [meaning] });
  for (const [code, { status, message }] of Object.entries(LOCAL_API_REFUSALS))
    add({ code, status, retryable: status === 503, messages: [message] });
  for (const [code, message] of Object.entries(TLS_ERRORS))
    add({ code, exit: 2, retryable: false, messages: [message] });
  return [...rows.values()];
}

/** Returns docs/errors.md: every error code, where it occurs, and what to do. */
export function errorsPage(): string {
  const cells = ({ code, status, number, exit, retryable, messages }: ErrorRow): string =>
    [code, status ?? "", number ?? "", exit ?? "", retryable ? "yes" : "no", messages.join(" ")].join(" | ");
  return [
    "# Errors",
    "Every error has a stable code. This page is generated from the code with `npm run docs`; a test checks that it is up to date.",
    [
      "- _HTTP_: status of the response to the visitor. The header field `Postern-Error` contains the code; the body is the text, as HTML, JSON or plain text. If a code with a status starts with `PN_LOCAL_`, the response comes from the client's local API.",
      "- _Wire_: number of the error in the protocol between client and server (PROTOCOL.md, section 9). The code appears in events, in logs, and as `code` of errors that `connect` throws.",
      "- _Exit_: exit code of the command. For errors with a wire number, it is 3 (credentials refused), 2 (name, group or access policy refused), 4 (server unreachable, with reconnection disabled) or 1.",
      "- _Retry_: `yes` if the same attempt can succeed later. The client retries these errors automatically.",
    ].join("\n"),
    ["| code | HTTP | wire | exit | retry | meaning and remedy |", "|---|---|---|---|---|---|"]
      .concat(errorRows().map((row) => `| ${cells(row)} |`))
      .join("\n"),
    "",
  ].join("\n\n");
}
