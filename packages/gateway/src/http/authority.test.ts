import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAuthority } from "./authority.js";

describe("one canonical form", () => {
  test.each([
    ["a", "a", ""],
    ["My-App.Example.COM", "my-app.example.com", ""],
    ["a.b.", "a.b", ""],
    ["a.b.:80", "a.b", "80"],
    ["a:00080", "a", "80"],
    ["a:65535", "a", "65535"],
    ["a:", "a", ""],
    ["A.:", "a", ""],
    ["[::1]:", "[::1]", ""],
    ["_dmarc.a_b.example", "_dmarc.a_b.example", ""],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", ""],
    ["127.0.0.1:1", "127.0.0.1", "1"],
    ["[::1]", "[::1]", ""],
    ["[0:0:0:0:0:0:0:1]:443", "[::1]", "443"],
    ["[::FFFF:127.0.0.1]", "[::ffff:7f00:1]", ""],
  ])("%s", (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port, text: port === "" ? host : `${host}:${port}` });
  });

  test("is its own canonical form", () => {
    const label = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
    const suffix = fc.constantFrom("", ".", ":", ".:", ":1", ".:080");
    fc.assert(
      fc.property(name, suffix, (host, end) => {
        const authority = parseAuthority(host + end);
        expect(authority?.host).toBe(host.toLowerCase());
        expect(parseAuthority(authority!.text)).toEqual(authority);
      }),
    );
  });
});

test("text that is not plainly a host is refused", () => {
  const strange = fc.string({
    unit: fc.constantFrom("a", "B", "1", ".", ":", "@", "/", "[", "]", " ", "%", "\r", "\n", "\xe4"),
  });
  fc.assert(
    fc.property(strange, (text) => {
      const plain = /^(?:[a-z1]+(?:\.[a-z1]+)*\.?|\[[a-f1:.]+\])(?::1*)?$/i.test(text);
      if (!plain) expect(parseAuthority(text)).toBeUndefined();
    }),
  );
});

test("a very long name is refused quickly", () => {
  expect(parseAuthority("a.".repeat(8_000))).toBeUndefined();
  expect(parseAuthority(`${"a".repeat(16_000)}!`)).toBeUndefined();
});
