import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exchange, Origin, StartProcess } from "@postern/testkit";
import { ACCESS, anOrigin, entries, serve, type Entry } from "./access-log-gateway.ts";

describe("W3C Trace Context", () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const GIVEN = `00-${TRACE}-b7ad6b7169203331-01`;

  async function traced(
    more: string,
  ): Promise<{ ask: (headers: Record<string, string>) => Promise<{ seen: Record<string, unknown>; entry: Entry }> }> {
    const origin = await Origin.start(onTestFinished, (incoming, outgoing) =>
      outgoing.end(JSON.stringify(incoming.headers)),
    );
    const route = `[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:${origin.port}"\n`;
    const start = StartProcess.launch(
      onTestFinished,
      `[server]\nlisten = "127.0.0.1:0"\n${more}${ACCESS}[tunnel.local_api]\nenabled = false\n${route}`,
      {},
      ["serve"],
    );
    const port = await start.gatewayPort();
    let asked = 0;
    return {
      async ask(headers) {
        const { body } = await exchange(port, { host: "a", headers });
        const all = await entries(join(start.folder, "access.log"), ++asked);
        return { seen: JSON.parse(body.toString()) as Record<string, unknown>, entry: all[asked - 1]! };
      },
    };
  }

  test("is off by default: the fields pass like all others", async () => {
    const { ask } = await traced("");
    const { seen, entry } = await ask({ traceparent: GIVEN, tracestate: "a=1" });
    expect(seen).toMatchObject({ traceparent: GIVEN, tracestate: "a=1" });
    expect(entry).not.toHaveProperty("trace_id");
  });

  test("strangers get a new trace, whose id is in the line", async () => {
    const { ask } = await traced("[logging.trace_context]\nenabled = true\n");
    const { seen, entry } = await ask({ traceparent: GIVEN, tracestate: "a=1" });
    const [, id] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(String(seen["traceparent"])) ?? [];
    expect(id).not.toBe(TRACE);
    expect(entry["trace_id"]).toBe(id);
    expect(seen).not.toHaveProperty("tracestate");
  });

  test("trusted proxies, and everyone if that is configured, continue their traces", async () => {
    const trusted = await traced('trusted_proxies = ["127.0.0.1"]\n[logging.trace_context]\nenabled = true\n');
    const open = await traced('[logging.trace_context]\nenabled = true\naccept = "everyone"\n');
    for (const { ask } of [trusted, open]) {
      const { seen, entry } = await ask({ traceparent: GIVEN, tracestate: "a=1" });
      expect(seen).toMatchObject({ traceparent: GIVEN, tracestate: "a=1" });
      expect(entry["trace_id"]).toBe(TRACE);
      const without = await ask({ tracestate: "a=1" });
      expect(without.seen).not.toHaveProperty("tracestate");
      expect(without.entry["trace_id"]).not.toBe(TRACE);
    }
  });
});

test("Server-Timing tells listed visitors, and no others, what took how long", async () => {
  const origin = await anOrigin();
  const route = (path: string, addresses: string): string =>
    `[[proxy]]\npath = "${path}"\ntarget = "http://127.0.0.1:${origin.port}"\n[proxy.middleware.server_timing]\nenabled = true\nallow_ips = [${addresses}]\n`;
  const { ask } = await serve(route("/listed", '"127.0.0.0/8"') + route("/others", '"10.0.0.0/8"'));
  const { headers } = await ask("/listed");
  expect(headers["server-timing"]).toMatch(/^gateway;dur=\d+\.\d, origin;dur=\d+\.\d$/);
  expect((await ask("/others")).headers).not.toHaveProperty("server-timing");
});
