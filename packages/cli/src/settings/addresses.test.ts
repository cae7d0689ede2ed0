import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { isLoopbackAddress } from "./listen-address.js";
import { localTarget } from "./local-target.js";
import { exposure, serverChoice } from "./server-choice.js";

const refused = (code: string): unknown => expect.objectContaining({ code });

describe("the target argument", () => {
  test.for([
    ["3000", "http://localhost:3000"],
    [":3000", "http://localhost:3000"],
    ["127.0.0.1:3000", "http://127.0.0.1:3000"],
    ["[::1]:3000", "http://[::1]:3000"],
    ["http://app.internal:81", "http://app.internal:81"],
    ["https://localhost:8443", "https://localhost:8443"],
    ["https://localhost:8443/", "https://localhost:8443"],
  ] as const)("%s", ([text, shown]) => expect(localTarget(text)).toEqual({ local: text, shown }));

  test.for([".", "..", "./site", "../site", "/var/www", "~/site", ".\\site", "C:\\site"])("%s is a folder", (text) => {
    expect(localTarget(text)).toEqual({ folder: resolve(text), shown: text });
  });

  test("the name of a folder without ./ is ambiguous", () => {
    expect(() => localTarget("packages")).toThrow(/packages is the name of a folder here/);
  });

  test.for(["0", "65536", "host:99999", "ftp://host", "http://host/path", "http://u:p@host", "http://host?q", "a b:1"])(
    "%s is not a target",
    (text) => expect(() => localTarget(text)).toThrow(refused("PN_TARGET_INVALID")),
  );
});

describe("the server", () => {
  test.for([
    ["https://tunnel.example.com", false],
    ["wss://tunnel.example.com", false],
    ["tunnel.example.com", false],
    ["http://tunnel.example.com", true],
    ["ws://192.0.2.1:8080", true],
    ["http://localhost:8080", false],
    ["http://127.0.0.1:8080", false],
    ["http://[::1]:8080", false],
    ["http://not-localhost:8080", true],
  ] as const)("the connection to %s is exposed: %s", ([text, exposed]) => {
    expect(exposure(text) !== undefined).toBe(exposed);
  });

  test("the first defined one is chosen; none is an error", () => {
    expect(serverChoice(undefined, "https://a", "https://b")).toBe("https://a");
    expect(() => serverChoice(undefined)).toThrow(refused("PN_SERVER_MISSING"));
  });
});

describe("the listen address", () => {
  test("only loopback addresses are private to this machine", () => {
    expect(["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"].every(isLoopbackAddress)).toBe(true);
    expect(["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "localhost.example:1"].some(isLoopbackAddress)).toBe(false);
  });
});
