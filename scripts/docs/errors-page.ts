import { CLI_ERRORS, LOCAL_API_REFUSALS } from "@postern/cli/errors";
import { refusals } from "@postern/gateway";
import { ERRORS } from "@postern/protocol";
import { baseDomainRefusals } from "@postern/server";
import { TLS_ERRORS } from "@postern/net";

/** One code with all that is known of it, wherever it can be met. */
interface ErrorRow {
  code: string;
  /** The status with which visitors are answered. */
  status?: number;
  /** Its number on the wire. */
  number?: number;
  /** How a command ends because of it. */
  exit?: number;
  retryable: boolean;
  /** What happened, what to do. */
  messages: string[];
}

/** Every code there is, each once. */
export function errorRows(): ErrorRow[] {
  const rows = new Map<string, ErrorRow>();
  const add = ({ messages, ...row }: ErrorRow): void => {
    const there = rows.get(row.code);
    rows.set(row.code, { ...there, ...row, messages: [...(there?.messages ?? []), ...messages] });
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

/** docs/errors.md: every code there is, where people meet it, and what to do. */
export function errorsPage(): string {
  const cells = ({ code, status, number, exit, retryable, messages }: ErrorRow): string =>
    [code, status ?? "", number ?? "", exit ?? "", retryable ? "yes" : "no", messages.join(" ")].join(" | ");
  return [
    "# Errors",
    "Every error has a stable code. This page is made from the tables in the code (`npm run docs`); a test compares them.",
    [
      "- _HTTP_: visitors get no answer of the service itself but one of the server's, with this status, the code in the field `Postern-Error`, and the text, as HTML, JSON or plain text. Codes that begin with `PN_LOCAL_` are answers of the client's local API.",
      "- _Wire_: its number between client and server (PROTOCOL.md, section 9). In events, in logs, and as `code` of the errors that `connect` throws.",
      "- _Exit_: the command itself ends because of it, with this exit code. Errors of the wire end a command with 3 (credentials refused), 2 (a name that cannot be had), 4 (not reachable, with reconnection off) or 1.",
      "- _Retry_: whether trying again with nothing changed can help. Between client and server, the client does so by itself.",
    ].join("\n"),
    ["| code | HTTP | wire | exit | retry | what happened, what to do |", "|---|---|---|---|---|---|"]
      .concat(errorRows().map((row) => `| ${cells(row)} |`))
      .join("\n"),
    "",
  ].join("\n\n");
}
