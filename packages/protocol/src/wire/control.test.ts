import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeControl, encodeControl, type ControlMessage } from "./control.js";
import { TunnelError } from "../errors.js";

const RECORD = {
  request_id: "r1",
  method: "GET",
  path: "/a?b=c",
  status: 200,
  started: "2026-01-01T00:00:00.000Z",
  duration_ms: 1.5,
  bytes_in: 0,
  bytes_out: 130,
  ended: "origin_invalid",
  code: "PN_ORIGIN_INVALID",
  flaw: "PN_HTTP_CHUNK",
  repairs: ["bare_lf"],
} as const;

const TOTALS = {
  statuses: [0, 2, 0, 0, 1],
  ended: { complete: 2, timeout: 1 },
  bytes_in: 0,
  bytes_out: 300,
  duration_ms: 12.5,
  durations: [1, 2],
};

/** One message of every type with all its fields, and the fields that may be absent. */
const MESSAGES: { message: ControlMessage; optional: string[] }[] = [
  {
    message: {
      type: "hello",
      versions: [1],
      auth: { method: "api_key", api_key: "k" },
      agent: "postern/0.1.0",
      features: ["x"],
    },
    optional: ["agent", "features"],
  },
  {
    message: {
      type: "welcome",
      version: 1,
      session: "s",
      heartbeat_ms: 10_000,
      limits: { streams: 1024 },
      features: [],
      expires_in_ms: 60_000,
    },
    optional: ["expires_in_ms"],
  },
  {
    message: { type: "bind", bind: 1, subdomain: "my-app", host_header: "rewrite", local_host: "127.0.0.1:3000" },
    optional: ["subdomain", "host_header", "local_host"],
  },
  {
    message: {
      type: "bound",
      bind: 1,
      tunnel: 7,
      tunnel_id: "t",
      name: "my-app",
      public_url: "https://my-app.example",
    },
    optional: [],
  },
  { message: { type: "unbind", tunnel: 7 }, optional: [] },
  {
    message: { type: "unbound", tunnel: 7, code: "PN_NAME_TAKEN_OVER", message: "m", retryable: false },
    optional: [],
  },
  {
    message: { type: "requests", tunnel: 7, records: [RECORD, RECORD], omitted: 3, totals: TOTALS },
    optional: ["totals"],
  },
  {
    message: {
      type: "error",
      code: "PN_X",
      message: "m",
      retryable: true,
      detail: "d",
      retry_after_ms: 5,
      bind: 1,
      check: 3,
      refresh: 2,
    },
    optional: ["detail", "retry_after_ms", "bind", "check", "refresh"],
  },
  { message: { type: "refresh", refresh: 2, auth: { method: "token", token: "t", user: "ann" } }, optional: [] },
  { message: { type: "refreshed", refresh: 2, expires_in_ms: 60_000 }, optional: ["expires_in_ms"] },
  { message: { type: "expiring", expires_in_ms: 60_000 }, optional: [] },
  {
    message: { type: "check", check: 3, subdomain: "my-app", host_header: "rewrite", local_host: "127.0.0.1:3000" },
    optional: ["subdomain", "host_header", "local_host"],
  },
  {
    message: { type: "checked", check: 3, owner: "ann", name: "my-app", public_url: "https://my-app.example" },
    optional: ["name", "public_url"],
  },
];

function decode(json: string): ControlMessage | string {
  return decodeControl(Buffer.from(json, "utf8"));
}

function refused(json: string | Uint8Array): boolean {
  try {
    decodeControl(Buffer.from(json as string));
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(TunnelError);
    expect(error).toHaveProperty("code", "PN_PROTOCOL");
    return true;
  }
}

test("the table has every type", () => {
  const types = ["hello", "welcome", "bind", "bound", "unbind", "unbound", "requests", "error"];
  types.push("refresh", "refreshed", "expiring", "check", "checked");
  expect(MESSAGES.map(({ message }) => message.type)).toEqual(types);
});

describe.each(MESSAGES)("$message.type", ({ message, optional }) => {
  const fields = Object.keys(message).filter((name) => name !== "type");

  test("is unchanged after encoding and decoding", () => {
    expect(decodeControl(encodeControl(message))).toEqual(message);
  });

  test("needs all fields that are not optional", () => {
    for (const name of fields) {
      const { [name as keyof ControlMessage]: _, ...rest } = message;
      expect(refused(JSON.stringify(rest)), name).toBe(!optional.includes(name));
    }
  });

  test("is refused with a field of the wrong type", () => {
    for (const name of fields) {
      const right = message[name as keyof ControlMessage] as unknown;
      for (const wrong of ["text", 1, -1, 1.5, 1e300, true, null, [], {}, [null], [{}]]) {
        if (typeof wrong === typeof right && Array.isArray(wrong) === Array.isArray(right)) {
          const fitsToo = typeof wrong === "string" || wrong === 1 || wrong === true;
          if (fitsToo || (Array.isArray(wrong) && wrong.length === 0)) continue;
        }
        expect(refused(JSON.stringify({ ...message, [name]: wrong })), `${name}: ${JSON.stringify(wrong)}`).toBe(true);
      }
    }
  });

  test("is unchanged by unknown fields", () => {
    const decoded = decode(JSON.stringify({ ...message, weather: { deep: [1] }, constructor: 1, toString: null }));
    expect(decoded).toMatchObject(message);
  });
});

describe("nested fields", () => {
  const hello = MESSAGES[0]?.message as ControlMessage;
  const requests = MESSAGES[6]?.message as ControlMessage;

  test.each([
    ["versions", [1, "2"]],
    ["versions", [1.5]],
    ["auth", { method: 1 }],
    ["auth", { api_key: "k" }],
    ["auth", { method: "api_key", api_key: 1 }],
    ["auth", { method: "token", token: ["t"] }],
    ["auth", { method: "token", token: "t", user: {} }],
    ["features", ["x", 1]],
  ])("hello with %s %j is refused", (name, value) => {
    expect(refused(JSON.stringify({ ...hello, [name]: value }))).toBe(true);
  });

  test.each(Object.keys(TOTALS))("totals need %s", (name) => {
    const { [name as keyof typeof TOTALS]: _, ...rest } = TOTALS;
    for (const totals of [rest, { ...TOTALS, [name]: "1" }, { ...TOTALS, [name]: [-1] }])
      expect(refused(JSON.stringify({ ...requests, totals }))).toBe(true);
  });

  test.each(Object.keys(RECORD))("a request record needs %s, unless it is optional", (name) => {
    const { [name as keyof typeof RECORD]: _, ...rest } = RECORD;
    const isOptional = ["ended", "code", "flaw", "repairs"].includes(name);
    expect(refused(JSON.stringify({ ...requests, records: [RECORD, rest] }))).toBe(!isOptional);
  });
});

test("policies are any object, and those of a grant contain texts", () => {
  const bind = { type: "bind", bind: 1, policies: { later: [{}] } };
  const bound = { type: "bound", bind: 1, tunnel: 7, tunnel_id: "t", name: "n", public_url: "u" };
  for (const message of [bind, { ...bind, type: "check", check: 1 }, { ...bound, policies: { jwt: "JWT" } }])
    expect(decodeControl(encodeControl(message as ControlMessage))).toEqual(message);
  for (const policies of [null, [], "x", 1, true]) {
    expect(refused(JSON.stringify({ ...bind, policies }))).toBe(true);
    expect(refused(JSON.stringify({ ...bound, policies }))).toBe(true);
  }
  expect(refused(JSON.stringify({ ...bound, policies: { jwt: {} } }))).toBe(true);
});

describe("unknown types", () => {
  test.each(["weather", "", "Hello", "__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%j is named",
    (type) => {
      expect(decode(JSON.stringify({ type, bind: 1 }))).toBe(type);
    },
  );
});

describe("invalid messages", () => {
  // prettier-ignore
  test.each(["", "{", "nonsense", "null", "1", '"hello"', "[]", '[{"type":"unbind","tunnel":1}]', "{}", '{"type":1}', '{"type":null}',
    '{"type":["unbind"],"tunnel":1}', '{"Type":"unbind","tunnel":1}', '{"type":"unbind","tunnel":1}{}', '\u{feff}{"type":"unbind","tunnel":1}'])("%j", (json) => {
    expect(refused(json)).toBe(true);
  });

  test("bytes that are not UTF-8", () => {
    const good = Buffer.from('{"type":"unbind","tunnel":1,"x":"é"}');
    expect(refused(good)).toBe(false);
    const bad = Buffer.from(good);
    bad[bad.indexOf(0xc3) + 1] = 0x22;
    expect(refused(bad)).toBe(true);
  });
});

describe("a hostile sender", () => {
  test("cannot set a field through __proto__", () => {
    expect(refused('{"type":"unbind","__proto__":{"tunnel":1}}')).toBe(true);
    const decoded = decode('{"type":"bind","bind":1,"__proto__":{"subdomain":"x"}}') as Extract<
      ControlMessage,
      { type: "bind" }
    >;
    expect(decoded.subdomain).toBeUndefined();
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["subdomain"]).toBeUndefined();
  });

  test("can nest as deeply as 16 KiB allow", () => {
    const depth = 16 * 1024 - '{"type":"weather","x":}'.length;
    const nested = `{"type":"weather","x":${"[".repeat(depth / 2)}${"]".repeat(depth / 2)}}`;
    expect(decode(nested)).toBe("weather");
    expect(refused(`{"type":"weather","x":${"[".repeat(depth)}`)).toBe(true);
  });

  test("causes PN_PROTOCOL or a message with any bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (json) => {
        if (!refused(json)) expect(["string", "object"]).toContain(typeof decode(json));
      }),
    );
  });

  test("causes PN_PROTOCOL or a valid message with any change to a valid one", () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, 1, "x", true));
    fc.assert(
      fc.property(
        fc.constantFrom(...MESSAGES),
        fc.dictionary(
          fc.constantFrom("type", "bind", "tunnel", "code", "message", "versions", "auth", "records", "limits"),
          value,
        ),
        ({ message }, changes) => {
          // prettier-ignore
          const json = JSON.stringify({ ...message, ...changes });
          if (refused(json)) return;
          const decoded = decode(json);
          if (typeof decoded === "string") return;
          // An accepted message is unchanged after encoding and decoding.
          expect(decodeControl(encodeControl(decoded))).toEqual(decoded);
        },
      ),
    );
  });
});
