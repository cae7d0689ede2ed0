import { createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until, Wire } from "@postern/testkit";
import { AddressGateway } from "./address-gateway.js";
import { ManualClock } from "./manual-clock.js";
import { listening } from "./secure-origin.js";

const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const HEAD_END = RESPONSE.indexOf("hello");
const BODY = "12345678";

/** When the next connection with a request is reset: after so many bytes of the request or of the response. */
interface Reset {
  readonly part: "request" | "response";
  readonly after: number;
}

/** Two origins. The one that gets the next request resets the connection as planned; all other requests succeed. */
class Origins {
  reset: Reset | undefined;
  /** Requests of which each origin has received something, and those that it has received completely. */
  seen = [0, 0];
  whole: string[][] = [[], []];
  /** Bytes of requests. */
  received = 0;
  /** The connection that is to be reset. */
  planned: Socket | undefined;

  static async start(): Promise<{ origins: Origins; ports: number[] }> {
    const origins = new Origins();
    const ports = [0, 1].map((index) => listening(createServer((socket) => origins.#serve(socket, index))));
    return { origins, ports: await Promise.all(ports) };
  }

  /** How many requests each origin has seen, the smaller number first. */
  get times(): number[] {
    return this.seen.toSorted((one, other) => one - other);
  }

  plan(reset: Reset): void {
    this.reset = reset;
    this.seen = [0, 0];
    this.whole = [[], []];
    this.received = 0;
  }

  #serve(socket: Socket, index: number): void {
    let request = "";
    let plan: Reset | undefined;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      // After a reset, the gateway asks whether the target expects TLS.
      if (chunk[0] === 0x16) return void socket.destroy();
      if (request === "") {
        this.seen[index]!++;
        plan = this.reset;
        this.reset = undefined;
        if (plan !== undefined) this.planned = socket;
      }
      request += chunk.toString("latin1");
      this.received += chunk.length;
      if (plan?.part === "request" && request.length >= plan.after) return void socket.resetAndDestroy();
      if (!isWhole(request)) return;
      this.whole[index]!.push(request.slice(request.indexOf("\r\n\r\n") + 4));
      request = "";
      if (plan === undefined) return void socket.write(RESPONSE);
      socket.write(RESPONSE.slice(0, plan.after), () => socket.resetAndDestroy());
    });
  }
}

function isWhole(request: string): boolean {
  const end = request.indexOf("\r\n\r\n");
  return end >= 0 && request.length >= end + 4 + (/^content-length: 8\r$/im.test(request) ? BODY.length : 0);
}

/** A gateway before two origins; each visit begins when the budget for retries is full. */
async function started(): Promise<{ origins: Origins; gateway: AddressGateway; clock: ManualClock }> {
  const clock = new ManualClock();
  const { origins, ports } = await Origins.start();
  return { origins, gateway: await AddressGateway.start(onTestFinished, ports, { clock }), clock };
}

/** Sends a request, and returns its status and body; `cut` if the response breaks off. */
async function visit(gateway: AddressGateway, method: string): Promise<string> {
  try {
    const { status, headers, body } = await gateway.visit("/", method === "GET" ? {} : { method, body: BODY });
    return `${status} ${String(headers["postern-error"] ?? body)}`;
  } catch {
    return "cut";
  }
}

/** Requests with a body always use a new connection. */
const REQUESTS = [
  ["GET", "a new"],
  ["GET", "an idle"],
  ["PUT", "a new"],
  ["POST", "a new"],
] as const;

describe.each(REQUESTS)("a %s to a target that resets the connection, on %s one,", (method, connection) => {
  const isIdempotent = method !== "POST";

  test("after any byte of the response", async () => {
    const { origins, gateway, clock } = await started();
    for (let after = 0; after <= RESPONSE.length; after++) {
      // Idle connections expire.
      clock.pass(20_000);
      if (connection === "an idle") for (let n = 0; n < 2; n++) expect(await visit(gateway, "GET")).toBe("200 hello");
      origins.plan({ part: "response", after });
      const outcome = await visit(gateway, method);
      const isBegun = after >= HEAD_END;
      const expected = isBegun ? (after < RESPONSE.length ? "cut" : "200 hello") : isIdempotent ? "200 hello" : "502";
      expect([after, outcome]).toEqual([after, expect.stringMatching(`^${expected}`)]);
      const times = isIdempotent && !isBegun ? 2 : 1;
      expect([after, ...origins.times]).toEqual([after, times - 1, 1]);
      const bodies = origins.whole.flat();
      expect([after, bodies]).toEqual([after, Array(times).fill(method === "GET" ? "" : BODY)]);
    }
  });

  test("after any byte of the request's head", async () => {
    const { origins, gateway, clock } = await started();
    origins.plan({ part: "response", after: RESPONSE.length });
    await visit(gateway, method);
    const length = origins.received - (method === "GET" ? 0 : BODY.length);
    for (let after = 1; after <= length; after++) {
      clock.pass(20_000);
      if (connection === "an idle") for (let n = 0; n < 2; n++) expect(await visit(gateway, "GET")).toBe("200 hello");
      origins.plan({ part: "request", after });
      const outcome = await visit(gateway, method);
      expect([after, outcome]).toEqual([after, isIdempotent ? "200 hello" : "502 PN_TARGET_BROKEN"]);
      const times = isIdempotent ? 2 : 1;
      expect([after, ...origins.times]).toEqual([after, times - 1, 1]);
      expect([after, origins.whole.flat().length]).toEqual([after, times - 1]);
    }
  });
});

test.each(["PUT", "POST"])(
  "a %s to a target that resets the connection after any byte of the request's body, while the visitor sends it",
  async (method) => {
    const { origins, gateway, clock } = await started();
    const head = `${method} / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${BODY.length}\r\n\r\n`;
    for (let sent = 0; sent < BODY.length; sent++) {
      clock.pass(20_000);
      const wire = await Wire.dial(onTestFinished, gateway.port);
      origins.plan({ part: "request", after: Infinity });
      wire.write(head);
      await until("the head at the origin", () => origins.received > 0);
      const headLength = origins.received;
      for (let n = 0; n < sent; n++) {
        wire.write(BODY[n]!);
        await until("the byte at the origin", () => origins.received === headLength + n + 1);
      }
      origins.planned!.resetAndDestroy();
      wire.write(BODY.slice(sent));
      const text = await wire.read("\r\n\r\n");
      if (method === "PUT") {
        expect(await wire.read("hello")).toContain("200 OK");
        expect([sent, origins.times, origins.whole.flat()]).toEqual([sent, [1, 1], [BODY]]);
      } else {
        expect(text).toMatch(/^HTTP\/1\.1 502 [^]*PN_TARGET_BROKEN/);
        expect([sent, origins.times, origins.whole.flat()]).toEqual([sent, [0, 1], []]);
      }
      wire.reset();
    }
  },
);
