import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FinishedRequest } from "../route.js";
import { linesOf } from "./logged-requests.suite.js";

const FORMATS = ["combined", "common"] as const;

/** The fields of a line of the combined format, as a strict reader finds them. */
const COMBINED =
  /^([!-~]+) - ([!-~]+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}(?::\d\d){3} [+-]\d{4})\] "([ !#-~]*)" (\d{3}) (\d+|-) "([ !#-~]*)" "([ !#-~]*)"$/;
const COMMON = new RegExp(`${COMBINED.source.split(' "([ !#-~]*)" "')[0]!}$`);

test("a line in JSON has what is known of the request", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const request = { user: "ann", traceId: trace, referer: "https://a.example/", code: "PN_X", flaw: "PN_Y" };
  const place = { route: "/api/*", target: "127.0.0.1:3000" };
  const [line = ""] = linesOf({}, [{ ...request, ended: "origin_invalid", status: 502 }], { place });
  expect(JSON.parse(line)).toEqual({
    time: "2026-11-28T01:44:55.007Z",
    request_id: "r-1",
    trace_id: trace,
    visitor: "192.0.2.1",
    user: "ann",
    method: "GET",
    host: "app.example.com",
    path: "/a?b=1",
    protocol: "HTTP/1.1",
    status: 502,
    duration_ms: 12.3,
    bytes_in: 5,
    bytes_out: 130,
    referer: "https://a.example/",
    user_agent: "curl/8.0",
    route: "/api/*",
    target: "127.0.0.1:3000",
    ended: "origin_invalid",
    code: "PN_X",
    flaw: "PN_Y",
  });
});

test("the combined format, and the common one", () => {
  const requests = [
    { user: "ann", referer: "https://a.example/?q=1" },
    { method: "POST", status: 404, userAgent: "" },
  ];
  const [first = "", second = ""] = linesOf({ format: "combined" }, requests);
  const time = /\[28\/Nov\/2026:\d\d:\d\d:55 [+-]\d{4}\]/.exec(first)?.[0];
  expect(first).toBe(`192.0.2.1 - ann ${time} "GET /a?b=1 HTTP/1.1" 200 130 "https://a.example/?q=1" "curl/8.0"`);
  expect(second).toBe(`192.0.2.1 - - ${time} "POST /a?b=1 HTTP/1.1" 404 130 "-" "-"`);
  expect(linesOf({ format: "common" }, requests)[0]).toBe(`192.0.2.1 - ann ${time} "GET /a?b=1 HTTP/1.1" 200 130`);
});

test("the size is that of the page if the gateway itself responded", () => {
  expect(linesOf({}, [{}], { ownBytes: 7 })[0]).toContain('"bytes_out":7,');
  expect(linesOf({ format: "common" }, [{ bytesOut: 0 }], { ownBytes: 7 })[0]).toMatch(/ 200 7$/);
});

describe("fields that are switched off", () => {
  const shown = { ids: false, figures: false, visitors: false, hosts: false, userAgents: false };

  test("are absent in JSON", () => {
    const [line = ""] = linesOf({ shown }, [{ traceId: "0af7651916cd43dd8448eb211c80319c" }]);
    expect(Object.keys(JSON.parse(line) as object)).toEqual(["time", "method", "path", "protocol", "status", "ended"]);
  });

  test.for(FORMATS)("are a hyphen in the %s format", (format) => {
    const [line = ""] = linesOf({ format, shown }, [{}]);
    expect(line).toMatch(format === "common" ? /^- - - .* 200 -$/ : /^- - - .* 200 - "-" "-"$/);
  });
});

describe("secrets", () => {
  const request = {
    path: "/in?token=abc&page=2&sid=s3",
    referer: "https://ann:pw@a.example/?password=abc",
    userAgent: "app/1 (api_key=abc)",
  };

  test.for(["json", ...FORMATS] as const)("are not in lines of the %s format", (format) => {
    const [line = ""] = linesOf({ format, secretNames: ["SID"] }, [request]);
    expect(line).toContain("/in?token=***&page=2&sid=***");
    if (format !== "common") expect(line).toMatch(/\/\/\*\*\*@a\.example\/\?password=\*\*\*.*api_key=\*\*\*/);
    expect(line).not.toMatch(/abc|s3|pw@/);
  });

  test.for(["json", ...FORMATS] as const)("whole queries can be omitted in the %s format", (format) => {
    const [line = ""] = linesOf({ format, omitsQueries: true }, [request]);
    expect(line).toContain("/in");
    expect(line).not.toMatch(/\?|page=2|abc/);
  });

  test("are not in request lines that are not valid either", () => {
    const lines = ["GET /a?token=abc", "GET /a?token=abc x HTTP/1.1", "/a?token=abc", "?token=abc"];
    for (const line of linesOf(
      { format: "common" },
      lines.map((line) => ({ line })),
    ))
      expect(line).not.toContain("abc");
  });
});

describe("filters", () => {
  const statuses = (options: Parameters<typeof linesOf>[0], requests: Partial<FinishedRequest>[]): number[] =>
    linesOf(options, requests).map((line) => (JSON.parse(line) as { status: number }).status);
  const all = [200, 204, 301, 404, 499, 500, 503, 799].map((status) => ({ status }));

  test("statuses and classes", () => {
    expect(statuses({ statuses: ["404", "5xx"] }, all)).toEqual([404, 500, 503, 799]);
    expect(statuses({ statuses: [] }, all)).toHaveLength(all.length);
  });

  test("slow requests, also together with statuses", () => {
    const some = [{ status: 200 }, { status: 201, endedAt: 1_500 }, { status: 500 }];
    expect(statuses({ slowerThan: 500 }, some)).toEqual([201]);
    expect(statuses({ slowerThan: 500, statuses: ["5xx"] }, some)).toEqual([201, 500]);
  });

  test("paths, and all below them", () => {
    const paths = ["/health", "/health?x", "/healthy", "/static", "/static/a", "/statics"];
    const lines = linesOf(
      { excludePaths: ["/health", "/static/*"] },
      paths.map((path) => ({ path })),
    );
    expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual(["/healthy", "/statics"]);
    expect(linesOf({ excludePaths: ["/*"] }, [{ path: "/" }, { path: "/a" }])).toEqual([]);
  });

  test("a sample", () => {
    const numbers = [0.1, 0.25, 0.6, 0.2];
    const random = (): number => numbers.shift() ?? 1;
    expect(linesOf({ sample: 0.25 }, [{}, {}, {}, {}], { random })).toHaveLength(2);
    expect(linesOf({ sample: 0 }, [{}])).toEqual([]);
  });
});

describe("hostile input", () => {
  const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  const ALL = BYTES.join("");
  const FIELDS = ["id", "method", "path", "line", "host", "userAgent", "referer", "user", "address"] as const;

  test("each byte in each field is in one valid line", () => {
    for (const field of FIELDS)
      for (const byte of BYTES) {
        const value = `a${byte}b`;
        const [line = ""] = linesOf({}, [{ [field]: value }]);
        expect(line).toMatch(/^[ -~]+$/);
        const entry = JSON.parse(line) as Record<string, unknown>;
        const name = { id: "request_id", userAgent: "user_agent", address: "visitor" }[field as string] ?? field;
        if (field !== "line") expect(entry[name]).toBe(value);
        if (field === "address") continue;
        expect(linesOf({ format: "combined" }, [{ [field]: value }])[0]).toMatch(COMBINED);
        expect(linesOf({ format: "common" }, [{ [field]: value }])[0]).toMatch(COMMON);
      }
  });

  test("bytes are escaped as nginx escapes them", () => {
    const expected = BYTES.map((byte, code) => {
      const isSafe = code >= 0x20 && code < 0x7f && byte !== '"' && byte !== "\\";
      return isSafe ? byte : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
    }).join("");
    const [line = ""] = linesOf({ format: "combined" }, [{ userAgent: "", referer: ALL }]);
    expect(line.endsWith(` "${expected}" "-"`)).toBe(true);
  });

  test("the name of a user is one word", () => {
    const [line = ""] = linesOf({ format: "common" }, [{ user: "Zoë - [x] \u2028" }]);
    expect(line).toContain(" - Zo\\xC3\\xAB\\x20-\\x20[x]\\x20\\xE2\\x80\\xA8 [28/Nov/2026");
  });

  test("random texts in all fields at once", () => {
    const bytes = fc.string({ unit: fc.constantFrom(...BYTES), maxLength: 60 });
    const texts = fc.record(Object.fromEntries(FIELDS.map((field) => [field, bytes])));
    const users = fc.string({ unit: "binary", maxLength: 20 });
    fc.assert(
      fc.property(texts, users, (request, user) => {
        const given = { ...request, user, address: "2001:db8::1" };
        const [json = ""] = linesOf({}, [given]);
        expect(json).toMatch(/^[ -~]+$/);
        expect((JSON.parse(json) as { user: string }).user).toBe(user);
        expect(linesOf({ format: "combined" }, [given])[0]).toMatch(COMBINED);
        expect(linesOf({ format: "common" }, [given])[0]).toMatch(COMMON);
      }),
    );
  });

  test("long texts are cut", () => {
    const long = "x".repeat(30_000);
    const request = { path: `/${long}?a=${long}`, referer: long, userAgent: long };
    for (const format of ["json", ...FORMATS] as const)
      expect(linesOf({ format }, [{ ...request, line: `GET ${request.path} HTTP/1.1` }])[0]!.length).toBeLessThan(
        6_000,
      );
  });
});
