import { describe, expect, test } from "vitest";
import { RequestHead } from "../http/index.js";
import { parseTraceparent } from "./traceparent.js";
import { passedTracestate } from "./tracestate.js";
import { Tracing, type TracingOptions } from "./tracing.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const GIVEN = `00-${TRACE}-${SPAN}-01`;

function headWith(...lines: string[]): RequestHead {
  const head = new RequestHead();
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

function traceOf(lines: string[], options: TracingOptions = {}, isProxied = true): { id: string; lines: string[] } {
  const { id, lines: written } = new Tracing(options).of(headWith(...lines), isProxied);
  return { id, lines: written.split("\r\n").slice(0, -1) };
}

describe("a trace that a trusted sender has begun goes on", () => {
  test.for([
    ["version 00", GIVEN, GIVEN],
    ["without the flag for sampling", `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    ["with flags that version 00 does not define", `00-${TRACE}-${SPAN}-ff`, GIVEN],
    ["a later version", `cc-${TRACE}-${SPAN}-01`, GIVEN],
    ["a later version with more", `01-${TRACE}-${SPAN}-01-what-follows`, GIVEN],
  ])("%s", ([, given, passed]) => {
    const trace = traceOf([`Traceparent: ${given}`, "tracestate: a=1,b@c=2", "TraceState: d=3"]);
    expect(trace).toEqual({ id: TRACE, lines: [`traceparent: ${passed}`, "tracestate: a=1,b@c=2,d=3"] });
  });
});

describe("a new trace begins, and the state of the other is dropped", () => {
  const isNew = ({ id, lines }: { id: string; lines: string[] }): void => {
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(id).not.toBe(TRACE);
    expect(lines).toHaveLength(1);
    expect(parseTraceparent(lines[0]!.slice("traceparent: ".length))).toMatchObject({ traceId: id, isSampled: true });
  };

  test.for([
    ["none", []],
    ["two", [`traceparent: ${GIVEN}`, `traceparent: ${GIVEN}`]],
    ["an empty one", ["traceparent:"]],
    ["upper case", [`traceparent: ${GIVEN.toUpperCase()}`]],
    ["version ff", [`traceparent: ff-${TRACE}-${SPAN}-01`]],
    ["more after version 00", [`traceparent: ${GIVEN}-x`]],
    ["more without a hyphen in a later version", [`traceparent: 01-${TRACE}-${SPAN}-01x`]],
    ["a trace of zeros", [`traceparent: 00-${"0".repeat(32)}-${SPAN}-01`]],
    ["a span of zeros", [`traceparent: 00-${TRACE}-${"0".repeat(16)}-01`]],
    ["a short trace", [`traceparent: 00-${TRACE.slice(1)}-${SPAN}-01`]],
    ["a long span", [`traceparent: 00-${TRACE}-${SPAN}0-01`]],
    ["no flags", [`traceparent: 00-${TRACE}-${SPAN}`]],
    ["a letter that is no digit", [`traceparent: 00-${TRACE.replace("0", "g")}-${SPAN}-01`]],
    ["other separators", [`traceparent: ${GIVEN.replaceAll("-", "_")}`]],
  ] as [string, string[]][])("%s", ([, lines]) => isNew(traceOf([...lines, "tracestate: a=1"])));

  test("for strangers, unless everyone is trusted", () => {
    isNew(traceOf([`traceparent: ${GIVEN}`], {}, false));
    expect(traceOf([`traceparent: ${GIVEN}`], { trust: "everyone" }, false).id).toBe(TRACE);
  });

  test("each with its own id, also when the stock of random bytes is used up", () => {
    const ids = Array.from({ length: 1_000 }, () => traceOf([]).id);
    expect(new Set(ids).size).toBe(1_000);
  });

  test("sampled as often as configured", () => {
    const numbers = [0.1, 0.6];
    const tracing = new Tracing({ sampled: 0.5, random: () => numbers.shift()! });
    const flags = [0, 1].map(() => tracing.of(headWith(), false).lines.trim().slice(-2));
    expect(flags).toEqual(["01", "00"]);
  });
});

describe("tracestate", () => {
  test.for([
    ["a=1", "a=1"],
    [" a=1 ,\tb=2 ", "a=1,b=2"],
    ["a=1,,b=2,", "a=1,b=2"],
    ["a=1,a=2", ""],
    ["A=1", ""],
    ["1a=1", ""],
    ["1a@b=1", "1a@b=1"],
    ["a", ""],
    ["=1", ""],
    ["a=", ""],
    ["a=b=c", ""],
    ["a=\xe9", ""],
  ] as const)("%j is passed on as %j", ([given, passed]) => expect(passedTracestate(given)).toBe(passed));

  test("has at most 32 members", () => {
    const members = Array.from({ length: 32 }, (_, number) => `k${number}=1`).join(",");
    expect(passedTracestate(members)).toBe(members);
    expect(passedTracestate(`${members},more=1`)).toBe("");
  });

  test("loses long members first, and then the last ones, if it has more than 512 characters", () => {
    const long = `long=${"x".repeat(130)}`;
    const short = Array.from({ length: 6 }, (_, number) => `k${number}=${"y".repeat(90)}`);
    expect(passedTracestate([short[0], long, ...short.slice(1)].join(","))).toBe(short.slice(0, 5).join(","));
    expect(passedTracestate([long, ...short.slice(0, 5)].join(","))).toBe(short.slice(0, 5).join(","));
  });
});
