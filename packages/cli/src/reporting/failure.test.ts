import { expect, test } from "vitest";
import { ConfigError, problemOf } from "@postern/config";
import { CLI_ERRORS, CliError } from "../errors.js";
import { failureOf, failureText } from "./failure.js";

const tunnelError = (code: string, retryable: boolean): Error => Object.assign(new Error("said"), { code, retryable });

test("every error of the command ends it as the table says", () => {
  const codes = Object.keys(CLI_ERRORS) as (keyof typeof CLI_ERRORS)[];
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(failureOf(new CliError(code, "said")).exit).toBe(CLI_ERRORS[code].exit);
});

test.for([
  ["credentials refused", tunnelError("PN_AUTH_REFUSED", false), 3],
  ["a name that cannot be had", tunnelError("PN_NAME_TAKEN", false), 2],
  ["a name that was taken over while running", tunnelError("PN_NAME_TAKEN_OVER", false), 1],
  ["no server, and not trying again", tunnelError("PN_SERVER_UNREACHABLE", true), 4],
  ["a protocol that does not fit", tunnelError("PN_VERSION", false), 1],
  ["a fault of our own", new TypeError("x is not a function"), 1],
  ["something that is no error", "text", 1],
  ["nothing", undefined, 1],
] as const)("%s", ([, error, exit]) => expect(failureOf(error).exit).toBe(exit));

test("a port that is taken is said so, with what to do", () => {
  const failure = failureOf(Object.assign(new Error("listen EADDRINUSE 127.0.0.1:80"), { code: "EADDRINUSE" }));
  expect(failure).toMatchObject({
    code: "PN_LISTEN_FAILED",
    exit: 1,
    fix: expect.stringContaining("--listen") as string,
  });
});

test("people read message, code and what to do, and never a stack trace", () => {
  const text = failureText(failureOf(new CliError("PN_SERVER_MISSING", "No server is given.", "Say\nwhich")));
  expect(text).toBe("postern: No server is given. (PN_SERVER_MISSING)\n  Say\n  which");
  expect(failureText(failureOf(new TypeError("x is not a function")))).not.toMatch(/\bat .*:\d+/);
});

test("an error of another party cannot write into the terminal", () => {
  expect(failureText(failureOf(tunnelError("PN_X\x1b[2J", false)))).not.toContain("\x1b");
});

test.for([
  ["--listen must be a port", "--listen must be a port."],
  ["Remove one.", "Remove one."],
  ["Did you mean a?", "Did you mean a?"],
] as const)("a single configuration problem outside the file ends like a sentence: %s", ([message, sentence]) =>
  expect(failureOf(new ConfigError([problemOf(message)])).message).toBe(sentence),
);
