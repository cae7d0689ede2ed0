import { expect, test } from "vitest";
import { TunnelError } from "@postern/client";
import { ConfigError, problemOf } from "@postern/config";
import { CLI_ERRORS, CliError } from "../errors.js";
import { failureOf, failureText } from "./failure.js";

const tunnelError = (code: string, retryable: boolean): Error =>
  Object.assign(new Error("message"), { code, retryable });

test("every error of the command has the exit code of the table", () => {
  const codes = Object.keys(CLI_ERRORS) as (keyof typeof CLI_ERRORS)[];
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(failureOf(new CliError(code, "message")).exit).toBe(CLI_ERRORS[code].exit);
});

test.for([
  ["credentials refused", tunnelError("PN_AUTH_REFUSED", false), 3],
  ["a name that is not available", tunnelError("PN_NAME_TAKEN", false), 2],
  ["a name that another client took while running", tunnelError("PN_NAME_TAKEN_OVER", false), 1],
  ["an unreachable server, without reconnection", tunnelError("PN_SERVER_UNREACHABLE", true), 4],
  ["an incompatible protocol", tunnelError("PN_VERSION", false), 1],
  ["a bug", new TypeError("x is not a function"), 1],
  ["a thrown value that is not an error", "text", 1],
  ["undefined", undefined, 1],
] as const)("%s", ([, error, exit]) => expect(failureOf(error).exit).toBe(exit));

test("a port in use is reported with a fix", () => {
  const failure = failureOf(Object.assign(new Error("listen EADDRINUSE 127.0.0.1:80"), { code: "EADDRINUSE" }));
  expect(failure).toMatchObject({
    code: "PN_LISTEN_FAILED",
    exit: 1,
    fix: expect.stringContaining("--listen") as string,
  });
});

test("an address that cannot be used is named once", () => {
  const error = Object.assign(new Error("listen EADDRINUSE: address already in use ::1:80"), {
    code: "EADDRINUSE",
    address: "::1",
    port: 80,
  });
  expect(failureOf(error).message).toBe("[::1]:80 is already in use.");
});

test("the text is message, code and fix, without a stack trace", () => {
  const text = failureText(failureOf(new CliError("PN_SERVER_MISSING", "No server is given.", "Say\nwhich")));
  expect(text).toBe("postern: No server is given. (PN_SERVER_MISSING)\n  Say\n  which");
  expect(failureText(failureOf(new TypeError("x is not a function")))).not.toMatch(/\bat .*:\d+/);
});

test("a detail is a line of its own, and a line of prose is broken between words", () => {
  const failure = failureOf(new TunnelError("PN_AUTH_REFUSED", "the key (of ann) is unknown"));
  expect(failureText(failure).split("\n")).toEqual([
    expect.stringMatching(/^postern: The server does not accept this credential\. [^(]* \(PN_AUTH_REFUSED\)$/),
    "  the key (of ann) is unknown",
  ]);
  expect(failure.message).toMatch(/ \(the key \(of ann\) is unknown\)$/);
  const narrow = failureText(failure, 40).split("\n");
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(40);
});

test("a fix stays as it is, because it can be a command", () => {
  const fix = "Run: postern server --api-keys-file postern.keys --domain tunnel.example.com";
  expect(failureText(failureOf(new CliError("PN_SERVER_MISSING", "No server.", fix)), 40)).toContain(`\n  ${fix}`);
});

test("text of the peer cannot control the terminal", () => {
  expect(failureText(failureOf(tunnelError("PN_X\x1b[2J", false)))).not.toContain("\x1b");
});

test.for([
  ["--listen must be a port", "--listen must be a port."],
  ["Remove one.", "Remove one."],
  ["Did you mean a?", "Did you mean a?"],
] as const)("a single configuration problem outside the file ends like a sentence: %s", ([message, sentence]) =>
  expect(failureOf(new ConfigError([problemOf(message)])).message).toBe(sentence),
);
