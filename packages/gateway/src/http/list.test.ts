import { describe, expect, test } from "vitest";
import { parseCodings, parseProtocols, parseTokens } from "./list.js";

describe("tokens", () => {
  test.each([
    ["", []],
    ["a", ["a"]],
    ["Keep-Alive,  FOO\t,bar", ["keep-alive", "foo", "bar"]],
    [",,a,\t,", ["a"]],
    ["!#$%&'*+-.^_`|~", ["!#$%&'*+-.^_`|~"]],
  ])("%j", (value, tokens) => {
    expect(parseTokens(value)).toEqual(tokens);
  });

  test.each(["a b", "a;q=1", "a/1", '"a"', "a\xa0", "\x0ba", "a\u00e4"])("%j is not a list of them", (value) => {
    expect(parseTokens(value)).toBeUndefined();
  });
});

describe("protocols", () => {
  test.each([
    ["WebSocket", ["websocket"]],
    ["HTTP/2.0, IRC/6.9", ["http/2.0", "irc/6.9"]],
  ])("%j", (value, protocols) => {
    expect(parseProtocols(value)).toEqual(protocols);
  });

  test.each(["a/", "/1", "a/1/2", "a /1", "a b"])("%j is not a list of them", (value) => {
    expect(parseProtocols(value)).toBeUndefined();
  });
});

describe("codings", () => {
  test.each([
    ["Trailers", ["trailers"]],
    ["gzip ; q=0.5,, trailers", ["gzip ; q=0.5", "trailers"]],
    ["x;a=b\t;c=d", ["x;a=b\t;c=d"]],
  ])("%j", (value, codings) => {
    expect(parseCodings(value)).toEqual(codings);
  });

  test.each(["a b", "a;", "a;q", "a;q=", ";q=1", 'x;a="b"', 'x;a=", trailers, "'])(
    "%j is not a list of them",
    (value) => {
      expect(parseCodings(value)).toBeUndefined();
    },
  );
});
