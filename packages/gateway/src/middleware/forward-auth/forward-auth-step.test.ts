import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import type { Clock } from "../../deadlines/clock.js";
import { FakeClock } from "../../deadlines/fake-clock.suite.js";
import type { Reply } from "../../http/index.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import type { Verdict } from "../step.js";
import { FORWARD_AUTH_LIMITS, ForwardAuthStep } from "./forward-auth-step.js";

const FAILED = "502 PN_ACCESS_SERVICE";

/** A service, and a step that asks it. */
class Asked {
  readonly requests: IncomingMessage[] = [];
  readonly warnings: string[] = [];
  /** Its host and port. */
  host = "";
  step!: ForwardAuthStep;

  static async start(
    answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
    clock?: Clock,
  ): Promise<Asked> {
    const asked = new Asked();
    const server = createServer((incoming, outgoing) => {
      asked.requests.push(incoming);
      answer(incoming, outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify?a`;
    asked.host = new URL(url).host;
    const onWarning = (text: string): void => void asked.warnings.push(text);
    asked.step = new ForwardAuthStep({ url, responseFields: ["Remote-User", "X-Groups"] }, onWarning, clock);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return asked;
  }

  async ask(fields: Record<string, string> = {}): Promise<{ request: PlainStepRequest; verdict: Verdict }> {
    const request = stepRequest({ method: "POST", path: "/a%2Fb?c" }, fields);
    return { request, verdict: await this.step.check(request) };
  }
}

describe("a service", () => {
  test("gets what identifies the request, and neither its body nor its framing", async () => {
    const asked = await Asked.start((_, outgoing) => outgoing.end());
    await asked.ask({ cookie: "a=b", authorization: "Bearer x", "content-length": "9", "x-other": "y" });
    const { method, url, headers } = asked.requests[0]!;
    expect([method, url]).toEqual(["GET", "/verify?a"]);
    expect(headers).toMatchObject({
      cookie: "a=b",
      authorization: "Bearer x",
      "x-forwarded-method": "POST",
      "x-forwarded-uri": "/a%2Fb?c",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "a.test",
    });
    expect(headers).not.toHaveProperty("x-other");
    expect(headers["content-length"]).toBeUndefined();
  });

  test("admits with 2xx, and sets the fields that are named, in place of those of the visitor", async () => {
    const asked = await Asked.start((_, outgoing) =>
      outgoing.writeHead(204, { "Remote-User": "ann", "X-Other": "no", "Set-Cookie": "a=b" }).end(),
    );
    const { request, verdict } = await asked.ask();
    expect(outcome(verdict)).toBe("admitted");
    expect(request.edits).toEqual([
      {
        names: ["remote-user", "x-groups"],
        lines: "Remote-User: ann\r\n",
        responseLines: "Set-Cookie: a=b\r\n",
        principal: "ann",
      },
    ]);
  });

  test.each([302, 401, 403, 404, 429])(
    "that answers %i answers the visitor, with Location and every cookie",
    async (status) => {
      const asked = await Asked.start((_, outgoing) =>
        outgoing
          .writeHead(status, {
            Location: "https://login.example/",
            "Set-Cookie": ["a=b", "c=d"],
            "X-Other": "no",
            "Content-Type": "text/html",
          })
          .end("<p>ü"),
      );
      const { verdict } = await asked.ask();
      const { text, ...reply } = verdict as Reply;
      expect(text).toBe("<p>ü");
      expect(reply).toEqual({
        status,
        type: "text/html",
        fields: { Location: "https://login.example/", "Set-Cookie": ["a=b", "c=d"] },
      });
    },
  );

  test.each([
    ["fails", (outgoing: ServerResponse) => void outgoing.writeHead(503).end(), /status 503/],
    ["closes the connection", (outgoing: ServerResponse) => void outgoing.destroy(), /hang up/],
    ["sends too much", (outgoing: ServerResponse) => void outgoing.end("x".repeat(70_000)), /more than 65536 bytes/],
    [
      "lies about its length",
      (outgoing: ServerResponse) =>
        void outgoing.writeHead(200, { "Content-Length": "9" }).write("x", () => outgoing.destroy()),
      /aborted/,
    ],
  ])("that %s admits nobody; the reason is reported once", async (_, answer, reason) => {
    const asked = await Asked.start((_incoming, outgoing) => answer(outgoing));
    for (let n = 0; n < 2; n++) expect(outcome((await asked.ask()).verdict)).toBe(FAILED);
    expect(asked.warnings).toEqual([expect.stringMatching(reason)]);
  });

  test("that does not answer in time admits nobody, and its connection is closed", async () => {
    const clock = new FakeClock();
    let isClosed = false;
    const asked = await Asked.start((_, outgoing) => outgoing.on("close", () => (isClosed = true)), clock);
    const asking = asked.ask();
    await until("the request", () => asked.requests.length === 1);
    clock.pass(FORWARD_AUTH_LIMITS.time - 1);
    await new Promise(setImmediate);
    expect([isClosed, asked.warnings]).toEqual([false, []]);
    clock.pass(1);
    expect(outcome((await asking).verdict)).toBe(FAILED);
    expect(asked.warnings).toEqual([expect.stringContaining("no answer within 10 s")]);
    await until("the end of the request", () => isClosed);
  });

  test("that answers in time leaves no timer behind", async () => {
    const clock = new FakeClock();
    const asked = await Asked.start((_, outgoing) => void outgoing.writeHead(204).end(), clock);
    expect([outcome((await asked.ask()).verdict), clock.running]).toEqual(["admitted", 0]);
  });

  test("that is not there admits nobody", async () => {
    const warnings: string[] = [];
    const step = new ForwardAuthStep({ url: "http://127.0.0.1:1/", responseFields: [] }, (text) => warnings.push(text));
    expect(outcome(await step.check(stepRequest({})))).toBe(FAILED);
    expect(warnings).toEqual([expect.stringContaining("ECONNREFUSED")]);
  });

  test("is asked again when it has closed the connection that was idle", async () => {
    const sockets: Socket[] = [];
    const service = createTcpServer((socket) => {
      sockets.push(socket);
      // It closes the connection just as the second request arrives.
      socket.once("data", () => {
        socket.write("HTTP/1.1 204 Yes\r\n\r\n");
        socket.once("data", () => socket.resetAndDestroy());
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void service.close());
    const warnings: string[] = [];
    const { port } = service.address() as AddressInfo;
    const step = new ForwardAuthStep({ url: `http://127.0.0.1:${port}/`, responseFields: [] }, (text) =>
      warnings.push(text),
    );
    for (let n = 0; n < 2; n++) {
      expect(outcome(await step.check(stepRequest({})))).toBe("admitted");
      await new Promise(setImmediate);
    }
    expect([sockets.length, warnings]).toEqual([2, []]);
    for (const socket of sockets) socket.destroy();
  });

  test("is not asked any further when the visitor leaves, and nothing is reported", async () => {
    let isClosed = false;
    const asked = await Asked.start((_, outgoing) => outgoing.on("close", () => (isClosed = true)));
    const request = stepRequest({});
    const verdict = asked.step.check(request);
    await until("the request", () => asked.requests.length === 1);
    request.end();
    expect(outcome(await verdict)).toBe(FAILED);
    await until("the end of the request", () => isClosed);
    expect([request.edits, asked.warnings]).toEqual([[], []]);
  });
});

test("fields that the gateway writes cannot be set", () => {
  expect(() => new ForwardAuthStep({ url: "http://a/", responseFields: ["Host"] })).toThrow(
    /cannot be set for targets/,
  );
});

test("a service of a stranger is not asked at a private address, to which its name leads", async () => {
  const asked = await Asked.start((_, outgoing) => outgoing.end());
  const { port } = new URL(`http://${asked.host}`);
  const warnings: string[] = [];
  const options = { url: `http://localhost:${port}/`, responseFields: [], allowPrivate: false };
  const step = new ForwardAuthStep(options, (text) => void warnings.push(text));
  expect(outcome(await step.check(stepRequest({})))).toBe(FAILED);
  expect(asked.requests).toHaveLength(0);
  expect(warnings).toEqual([expect.stringContaining("resolves to a private address")]);
});
