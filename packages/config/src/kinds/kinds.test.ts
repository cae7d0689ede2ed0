import { describe, expect, test } from "vitest";
import type { Kind } from "./kind.js";
import { host, hostName, label, listenAddress, network, origin, target, url } from "./address.js";
import { choice } from "./choice.js";
import { flag } from "./flag.js";
import { headers } from "./headers.js";
import { list } from "./list.js";
import { decimal, integer, port } from "./number.js";
import { proxyField } from "./proxy-field.js";
import { duration, size } from "./quantity.js";
import { table } from "./table.js";
import { text } from "./text.js";

/** Values that each kind accepts from a file, and the results. */
const ACCEPTED: readonly [string, Kind<unknown>, unknown, unknown][] = [
  ["duration", duration(), 30, 30_000],
  ["duration", duration(), 0.5, 500],
  ["duration", duration(), "500ms", 500],
  ["duration", duration(), "1.5 h", 5_400_000],
  ["duration", duration(), "2D", 172_800_000],
  ["size", size(), 500, 500],
  ["size", size(), "64KB", 64_000],
  ["size", size(), "1GiB", 1_073_741_824],
  ["port", port(), 65_535, 65_535],
  ["decimal", decimal(), 2.5, 2.5],
  ["flag", flag(), false, false],
  ["choice", choice(["random", "uuid"]), "Random", "random"],
  ["list", list(integer()), [1, 2], [1, 2]],
  ["table", table(text()), { "X-A": "1" }, { "X-A": "1" }],
  ["listen address", listenAddress(), 8080, "127.0.0.1:8080"],
  ["listen address", listenAddress(), "[::1]:80", "[::1]:80"],
  ["host name", hostName(), "Tunnel.Example.COM.", "tunnel.example.com"],
  ["host", host(), "my_container", "my_container"],
  ["host", host(), "::1", "[::1]"],
  ["host", host(), "[::1]", "[::1]"],
  ["headers", headers(), { "X-A": "a b" }, { "X-A": "a b" }],
  ["label", label(), "My-App", "my-app"],
  ["target", target(), 3000, "3000"],
  ["target", target(), ":3000", ":3000"],
  ["target", target(), "https://localhost:8443", "https://localhost:8443"],
  ["URL", url(["wss"], "wss://a"), "wss://a/connect", "wss://a/connect"],
  ["origin", origin("https://a"), "https://A.example/", "https://a.example"],
  ["network", network(), "10.0.0.0/8", "10.0.0.0/8"],
  ["network", network(), "::1", "::1"],
  ["field", proxyField, "X-Forwarded-User", "X-Forwarded-User"],
  ["field", proxyField, "Remote-User", "Remote-User"],
];

test.for(ACCEPTED)("%s reads %2$j as %3$j", ([, kind, given, value]) => {
  expect(kind.read(given)).toEqual({ value });
});

/** Values that each kind rejects. */
const REJECTED: readonly [string, Kind<unknown>, unknown][] = [
  ["duration", duration(), -1],
  ["duration", duration(), "5 years"],
  ["duration", duration(), "1e3s"],
  ["duration", duration(), NaN],
  ["duration", duration(), Infinity],
  ["duration", duration(), 1e300],
  ["duration", duration({ min: 1_000 }), "999ms"],
  ["duration", duration(), new Date()],
  ["size", size(), "constructor"],
  ["field", proxyField, "x-forwarded-FOR"],
  ["field", proxyField, "Host"],
  ["field", proxyField, "X_Forwarded_User"],
  ["field", proxyField, ""],
  ["size", size(), "1__proto__"],
  ["port", port(), 0],
  ["port", port(), 65_536],
  ["port", port(), 80.5],
  ["port", port(), "80"],
  ["flag", flag(), "true"],
  ["flag", flag(), 1],
  ["choice", choice(["a"]), "b"],
  ["list", list(integer()), 1],
  ["list", list(integer()), [1, "2"]],
  ["list", list(integer()), Array.from({ length: 1_001 }, () => 1)],
  ["table", table(text()), ["a"]],
  ["table", table(text()), { a: 1 }],
  ["text", text(), "two\nlines"],
  ["text", text(), "\u001b[2J"],
  ["text", text(), "x".repeat(5_000)],
  ["listen address", listenAddress(), "localhost"],
  ["listen address", listenAddress(), "127.0.0.1:99999"],
  ["host name", hostName(), "http://a"],
  ["host name", hostName(), "10.0.0.1"],
  ["host name", hostName(), "a..b"],
  ["host", host(), "http://a"],
  ["host", host(), "a:80"],
  ["host", host(), "999.1.1.1"],
  ["headers", headers(), { "X A": "1" }],
  ["headers", headers(), { "": "1" }],
  ["headers", headers(), { "X-A": "\u20ac" }],
  ["label", label(), "a.b"],
  ["target", target(), "ftp://a"],
  ["target", target(), "http://a/path"],
  ["target", target(), "0"],
  ["target", target(), ":0"],
  ["target", target(), ":"],
  ["URL", url(["https"], "https://a"), "http://a"],
  ["origin", origin("https://a"), "https://user:password@a"],
  ["network", network(), "10.0.0.0/33"],
  ["network", network(), "10.0.0.0/8/8"],
  ["network", network(), "example.com"],
];

test.for(REJECTED)("%s rejects %2$j and states what is allowed", ([, kind, given]) => {
  expect(kind.read(given)).toEqual({ fault: expect.stringMatching(/must/) });
});

describe("text from the environment and the command line", () => {
  test.for([
    ["flag", flag(), "yes", true],
    ["flag", flag(), "0", false],
    ["integer", integer(), "17", 17],
    ["list", list(text()), "a, b,,c", ["a", "b", "c"]],
    ["table", table(text()), "X-A=1,X-B=2=3", { "X-A": "1", "X-B": "2=3" }],
  ] as [string, Kind<unknown>, string, unknown][])("%s reads %2$j", ([, kind, given, value]) => {
    expect(kind.readText(given)).toEqual({ value });
  });

  test.for([
    ["flag", flag(), "maybe"],
    ["integer", integer(), "0x10"],
    ["integer", integer(), ""],
    ["table", table(text()), "a"],
  ] as [string, Kind<unknown>, string][])("%s rejects %2$j", ([, kind, given]) => {
    expect(kind.readText(given)).toHaveProperty("fault");
  });
});

test.for([
  [duration(), 90_000, '"90s"'],
  [duration(), 7_200_000, '"2h"'],
  [duration(), 0, "0"],
  [size(), 10_000_000, '"10MB"'],
  [size(), 1_025, '"1025B"'],
  [list(text()), ["a"], '["a"]'],
  [table(text()), { "X-A": "1" }, '{ "X-A" = "1" }'],
] as [Kind<unknown>, unknown, string][])("%1$j is shown as %2$s", ([kind, value, shown]) => {
  expect(kind.show(value)).toBe(shown);
});

test("a close word is suggested", () => {
  expect(choice(["random", "uuid", "user_specified"]).read("randmo")).toEqual({
    fault: 'must be one of "random", "uuid", "user_specified". Did you mean "random"?',
  });
});

test("a text has one line, unless it may have several", () => {
  const lines = text({ hasLines: true });
  expect(text().readText("a\nb")).toEqual({ fault: "must not contain line breaks or control characters" });
  expect(lines.readText("a\r\n\tb")).toEqual({ value: "a\r\n\tb" });
  expect(lines.readText("a\u001b[2J")).toEqual({ fault: "must not contain control characters" });
  expect(lines.readText("a".repeat(65_537))).toHaveProperty("fault");
});
