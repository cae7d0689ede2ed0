import { describe, expect, test } from "vitest";
import { candidate, contextOf, describeBalance } from "./balance.suite.js";
import type { Candidate, PickContext } from "./candidate.js";
import { RoundRobin } from "./round-robin.js";
import { StickyCookie } from "./sticky-cookie.js";

const create = (route = "/*", path = "/*"): StickyCookie =>
  new StickyCookie({ first: new RoundRobin(), key: "secret", route, path });
const all = () => ["a:80", "b:80", "c:80"].map((name) => ({ ...candidate(name), available: true }));

/** The context of a request with the cookies that a response set. */
function visitor(...lines: string[]): PickContext {
  const cookies = lines.map((line) => line.replace(/^Set-Cookie: ([^;]*).*\r\n$/, "$1")).join("; ");
  return contextOf("192.0.2.1", { cookie: cookies });
}

/** The first target of a visitor, and the line with its cookie. */
function first(sticky: StickyCookie, candidates: readonly Candidate[]): { target: Candidate; line: string } {
  const context = contextOf("192.0.2.1");
  const target = sticky.pick(candidates, context)!;
  return { target, line: sticky.line(target, context, false) };
}

describe("a sticky cookie", () => {
  describeBalance(() => create());

  test("names the target of all further requests, also after a restart", () => {
    const candidates = all();
    const { target, line } = first(create(), candidates);
    expect(line).toMatch(/^Set-Cookie: postern_target=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax\r\n$/);
    const restarted = create();
    const context = visitor(line);
    for (let n = 0; n < 5; n++) expect(restarted.pick(candidates.toReversed(), context)).toBe(target);
    expect(restarted.line(target, context, false)).toBe("");
  });

  test("is replaced when its target is down, suspect, gone, or has failed the request", () => {
    const sticky = create();
    const candidates = all();
    const { target, line } = first(sticky, candidates);
    const others = candidates.filter((each) => each !== target);
    const context = visitor(line);
    expect(others).toContain(sticky.pick(candidates, context, [target as (typeof candidates)[number]]));
    (target as { available: boolean }).available = false;
    const next = sticky.pick(candidates, context)!;
    expect(others).toContain(next);
    expect(sticky.line(next, context, true)).toMatch(/^Set-Cookie: .*; Secure\r\n$/);
    expect(others).toContain(sticky.pick(others, context));
  });

  test("of another route, another key or a stranger is not used", () => {
    const candidates = all();
    const { target, line } = first(create("/a"), candidates);
    const other = new StickyCookie({ first: new RoundRobin(), key: "other", route: "/a", path: "/*" });
    for (const sticky of [create("/b"), other]) {
      sticky.pick(candidates, contextOf("192.0.2.1"));
      expect(sticky.line(target, visitor(line), false)).not.toBe("");
    }
    for (const cookie of ["postern_target", "postern_target=", "postern_target=a:80", "=;=;postern_target=x=y"])
      expect(candidates).toContain(create().pick(candidates, contextOf("192.0.2.1", { cookie })));
  });

  test("is found among those of routes around its own, and is for the paths of its route", () => {
    const candidates = all();
    const [outer, inner] = [create("/*", "/*"), create("/api/*", "/api/*")];
    const lines = [first(outer, candidates).line, first(inner, candidates).line];
    expect(lines[1]).toContain("; Path=/api;");
    for (const sticky of [outer, inner]) {
      const target = sticky.pick(candidates, visitor(...lines))!;
      expect(sticky.line(target, visitor(...lines), false)).toBe("");
    }
    expect(first(create("x", "/a;b/*"), candidates).line).toContain("; Path=/;");
  });
});
