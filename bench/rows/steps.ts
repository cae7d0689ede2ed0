import type { FieldEdits, Step, StepRequest } from "../../packages/gateway/dist/middleware/step.js";
import { AddressStep } from "../../packages/gateway/dist/middleware/addresses/address-step.js";
import { BasicAuthStep } from "../../packages/gateway/dist/middleware/basic-auth/basic-auth-step.js";
import { joinedEdits } from "../../packages/gateway/dist/middleware/field-edits.js";
import { HeaderStep } from "../../packages/gateway/dist/middleware/headers/header-step.js";
import { RequestIdStep } from "../../packages/gateway/dist/middleware/request-id/request-id-step.js";
import { JwtStep } from "../../packages/gateway/dist/middleware/jwt/jwt-step.js";
import { RateLimitStep } from "../../packages/gateway/dist/middleware/rate-limit/rate-limit-step.js";
import { callRate } from "../measure/call-rate.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";

const SECONDS = 0.5;
const ENTRIES = 100_000;
const VISITORS = 4_096;
const USERS = 64;

/** Checks requests by the steps of a route, without the gateway. */
export const steps: Row = {
  name: "steps",
  about: "the steps of a route alone, ns for each request",
  needs: [],
  limit: (settings) => 60 + 8 * duration(settings, SECONDS),
  run: async (_stage, settings) => {
    const denied = new AddressStep({ deny: networks(ENTRIES) });
    const limited = new RateLimitStep({ requestsPerMinute: 1e9, window: 60_000, concurrent: 1_000 });
    const basic = await knownUsers();
    const tokens = await knownTokens();
    const edits = headers();
    return [
      measure(settings, `addresses, a list of ${ENTRIES.toLocaleString("en")}`, 1_000, denied, visitors()),
      measure(settings, "rate limit", 300, limited, visitors()),
      measure(settings, "JWT, a token that is known", 1_000, tokens.step, tokens.requests),
      measure(settings, "basic auth, a password that is known", 2_000, basic, users()),
      measure(settings, "headers and request id", 700, edits.step, edits.requests),
    ];
  },
};

function measure(settings: Settings, what: string, bar: number, step: Step, requests: StepRequest[]): Line {
  const seconds = duration(settings, SECONDS);
  let next = 0;
  const check = (): void => {
    if (step.check(requests[next]!) !== undefined) throw new Error("every request is admitted");
    next = (next + 1) % requests.length;
  };
  callRate(check, seconds);
  const time = 1e9 / callRate(check, seconds);
  return line({
    measure: `step of a route: ${what}`,
    product: `${time.toFixed(0)} ns`,
    bar: `≤ ${bar} ns`,
    result: verdict(time <= bar),
    raw: { time },
  });
}

/** Half of them are IPv6 networks. None contains a visitor. */
function networks(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    n % 2 === 0
      ? `100.${n >> 16}.${(n >> 8) & 255}.${n & 255}/31`
      : `2001:db8:${(n >> 8).toString(16)}:${n & 255}::/64`,
  );
}

function request(address: string, fields: Readonly<Record<string, string>> = {}): StepRequest {
  return {
    method: "GET",
    path: "/",
    host: "a.example",
    site: "https://a.example",
    upgrade: "",
    address,
    startedAt: performance.now(),
    cdnLoop: "",
    changedValue: () => undefined,
    identityLines: "",
    certificate: undefined,
    principal: undefined,
    signal: AbortSignal.any([]),
    hasBody: false,
    fieldValues: (name) => fields[name] ?? "",
    fieldValue: (name) => fields[name] ?? "",
    cookies: () => fields["cookie"] ?? "",
    readBody: () => Promise.resolve(Buffer.alloc(0)),
    edit() {},
    filter() {},
    changeBody() {},
    requestId: () => "",
    showErrors() {},
    // The request is over at once.
    hold: (held) => held.release(),
  };
}

/** Sets and removes headers of both directions, and tells the visitor the id of the request. */
function headers(): { step: Step; requests: StepRequest[] } {
  const id = new RequestIdStep({ responseHeader: "X-Request-Id" });
  const edits = new HeaderStep({
    request: { set: { "X-Gateway": "edge-1", "X-Stage": "test" }, remove: ["X-Debug"] },
    response: { set: { "Cache-Control": "private" }, remove: ["Server", "X-Powered-By"] },
  });
  let made: FieldEdits | undefined;
  const edit = (each: FieldEdits): void => void (made = made === undefined ? each : joinedEdits(made, each));
  const step: Step = {
    name: "both",
    check(request) {
      made = undefined;
      id.check(request);
      edits.check(request);
      return undefined;
    },
  };
  return { step, requests: visitors().map((request) => ({ ...request, edit })) };
}

/** Half of them have IPv6 addresses. */
function visitors(): StepRequest[] {
  return Array.from({ length: VISITORS }, (_, n) =>
    request(n % 2 === 0 ? `10.${n >> 8}.${n & 255}.1` : `2001:db9:0:${n.toString(16)}::1`),
  );
}

const basicOf = (n: number): string => `Basic ${Buffer.from(`user-${n}:password-${n}`).toString("base64")}`;

function users(): StepRequest[] {
  return Array.from({ length: VISITORS }, (_, n) =>
    request(`10.${n >> 8}.${n & 255}.1`, { authorization: basicOf(n % USERS) }),
  );
}

/** A step whose users have logged in. */
async function knownUsers(): Promise<BasicAuthStep> {
  const { createHash } = await import("node:crypto");
  const hash = (n: number): string => `{SHA}${createHash("sha1").update(`password-${n}`).digest("base64")}`;
  const step = new BasicAuthStep({
    users: Array.from({ length: USERS }, (_, n) => ({ name: `user-${n}`, hash: hash(n) })),
  });
  for (let n = 0; n < USERS; n++) await step.check(request(`10.9.9.${n}`, { authorization: basicOf(n) }));
  return step;
}

/** A step that has verified a token of each user. */
async function knownTokens(): Promise<{ step: JwtStep; requests: StepRequest[] }> {
  const { createHmac } = await import("node:crypto");
  const secret = "a secret of the benchmarks, 32 bytes";
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const tokenOf = (n: number): string => {
    const text = `${part({ alg: "HS256" })}.${part({ sub: `user-${n}`, exp: Math.ceil(Date.now() / 1_000) + 3_600 })}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  const step = new JwtStep({ secret, fields: { "X-Forwarded-User": "sub" } });
  const fields = Array.from({ length: USERS }, (_, n) => ({ authorization: `Bearer ${tokenOf(n)}` }));
  for (const [n, each] of fields.entries()) await step.check(request(`10.9.8.${n}`, each));
  const requests = Array.from({ length: VISITORS }, (_, n) => request(`10.${n >> 8}.${n & 255}.1`, fields[n % USERS]));
  return { step, requests };
}
