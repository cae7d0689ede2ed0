import { CLI_ERRORS } from "@postern/cli/errors";
import { refusals } from "@postern/gateway";
import { ERRORS } from "@postern/protocol";

/** docs/errors.md: every code there is, where people meet it, and what to do. */
export function errorsPage(): string {
  const tunnel = Object.entries(ERRORS).map(
    ([code, { number, retryable, message }]) => `| ${code} | ${number} | ${retryable ? "yes" : "no"} | ${message} |`,
  );
  const visitor = Object.values(refusals).map(({ code, status, message }) => `| ${code} | ${status} | ${message} |`);
  const command = Object.entries(CLI_ERRORS).map(([code, { exit, meaning }]) => `| ${code} | ${exit} | ${meaning} |`);
  return [
    "# Errors",
    "Every error has a stable code. This page is made from the tables in the code (`npm run docs`); a test compares them.",
    "## What visitors are answered",
    "When a visitor gets no answer of the service itself, the server answers: status, a short text, and the code in the field `Postern-Error`.",
    "| code | status | what happened, what to do |\n|---|---|---|\n" + visitor.join("\n"),
    "## Between client and server",
    "In events, in logs, and as `code` of the errors that `connect` throws. *Retry* says whether trying again with nothing changed can help: the client does so by itself. The number is the one on the wire (PROTOCOL.md, section 9).",
    "| code | number | retry | what happened, what to do |\n|---|---|---|---|\n" + tunnel.join("\n"),
    "## Of the command",
    "| code | exit code | meaning |\n|---|---|---|\n" + command.join("\n"),
    "",
  ].join("\n\n");
}
