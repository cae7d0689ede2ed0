import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { exchange, until, Wire, type ExchangeOptions } from "@postern/testkit";
import type { StatusEvent, TunnelEventType } from "@postern/client";
import { ClientStatus } from "./client-status.js";
import { LocalApi, LOCAL_API_LIMITS } from "./local-api.js";

const SPEC = { label: "web", options: { server: "https://tunnel.example.com", apiKey: "s3cr3t-s3cr3t", local: 3000 } };

function eventOf(type: TunnelEventType, data: Record<string, unknown> = {}, time = new Date()): StatusEvent {
  return {
    time: time.toISOString(),
    type,
    endpoint: "web",
    message: `event ${type}`,
    data: { code: "PN_INTERNAL", ...data },
  } as StatusEvent;
}

async function opened(options: { listen?: string; metrics?: boolean; metricsToken?: string } = {}) {
  const status = new ClientStatus({ version: "0.1.0" });
  status.reconcile([SPEC]);
  const api = await LocalApi.open({ listen: "127.0.0.1:0", status, metrics: true, ...options });
  onTestFinished(() => api.close());
  const port = Number(new URL(api.url).port);
  /** Sends a request, with the token unless `asked` has other fields for that. */
  const ask = (path: string, { headers, ...asked }: Partial<ExchangeOptions> = {}) =>
    exchange(port, { host: `127.0.0.1:${port}`, path, headers: { ...bearer(api), ...headers }, ...asked });
  const askStranger = (path: string, headers: Record<string, string> = {}) =>
    exchange(port, { host: `127.0.0.1:${port}`, path, headers });
  return { status, api, port, ask, askStranger };
}

function bearer({ token }: LocalApi): { Authorization: string } {
  return { Authorization: `Bearer ${token.text}` };
}

test("it listens on the given address", async () => {
  const { api } = await opened({ listen: "127.0.0.2:0" });
  expect((await fetch(`${api.url}/api/status`, { headers: bearer(api) })).status).toBe(200);
});

test("it serves state, events, metrics and health of the endpoints, without secrets", async () => {
  const { status, ask } = await opened();
  expect((await ask("/health")).status).toBe(503);
  status.add(eventOf("connection_attempt"));
  status.add(eventOf("tunnel_established", { public_url: "https://web.example.com", tunnel_id: "t" }));
  status.add(eventOf("http_request", { method: "GET", path: "/", status: 200, duration_ms: 3 }));

  const health = await ask("/health");
  expect([health.status, JSON.parse(String(health.body))]).toEqual([
    200,
    {
      status: "healthy",
      endpoints: [{ endpoint: "web", state: "connected", score: 95, data_plane: "unknown", local: "unknown" }],
    },
  ]);
  const statusResponse = await ask("/api/status");
  expect(JSON.parse(String(statusResponse.body))).toMatchObject({
    schema: 1,
    healthy: true,
    endpoints: [{ endpoint: "web", state: "connected", public_url: "https://web.example.com" }],
  });
  const events = JSON.parse(String((await ask("/api/events")).body)) as { schema: 1; events: { type: string }[] };
  expect(events.events.map(({ type }) => type)).toEqual(["connection_attempt", "tunnel_established", "http_request"]);
  const metrics = await ask("/metrics");
  expect(metrics.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(String(metrics.body)).toContain('postern_client_http_requests_total{endpoint="web"} 1\n');
  const asJson = await ask("/metrics", { headers: { Accept: "application/json" } });
  const { schema, metrics: families } = JSON.parse(String(asJson.body)) as { schema: 1; metrics: { name: string }[] };
  expect([schema, families[0]?.name]).toEqual([1, "postern_client_info"]);
  for (const { body } of [health, statusResponse, metrics]) expect(String(body)).not.toContain("s3cr3t");

  status.add(eventOf("status_update", { data_plane: "failing" }));
  expect((await ask("/health")).status).toBe(503);
});

test("events are filtered by type, time and endpoint", async () => {
  const { status, ask } = await opened();
  const at = (second: number): Date => new Date(Date.UTC(2026, 10, 22, 10, 0, second));
  status.add(eventOf("error", { second: 1 }, at(1)));
  status.add(eventOf("pong", { second: 2 }, at(2)));
  status.add(eventOf("error", { second: 3 }, at(3)));
  const seconds = async (query: string): Promise<unknown> => {
    const { events } = JSON.parse(String((await ask(`/api/events?${query}`)).body)) as {
      events: { data: { second: number } }[];
    };
    return events.map(({ data }) => data.second);
  };
  expect(await seconds("type=error")).toEqual([1, 3]);
  expect(await seconds("type=error,pong&since=2026-11-22T10:00:02Z")).toEqual([2, 3]);
  expect(await seconds("since=2026-11-22T12:00:03%2B02:00")).toEqual([3]);
  expect(await seconds("endpoint=other")).toEqual([]);
  for (const query of ["since=yesterday", "since=10", "since=2026-11-22T10:00:02Z&since=2026-11-22"])
    expect((await ask(`/api/events?${query}`)).status).toBe(400);
});

test("requests for other host names are refused (DNS rebinding)", async () => {
  const { port, ask } = await opened();
  for (const host of ["127.0.0.1", "localhost", "[::1]"])
    expect((await ask("/api/status", { host: `${host}:${port}` })).status).toBe(200);
  // prettier-ignore
  const strangers = [`evil.example:${port}`, `evil.example`, "localhost", `127.0.0.1:${port + 1}`, `localhost.:${port}`, `a.localhost:${port}`, `127.0.0.1:${port}.evil.example`, `127.1:${port}`];
  for (const host of strangers) {
    const { status, body } = await ask("/api/status", { host });
    expect([status, String(body)], host).toEqual([403, expect.stringContaining("PN_LOCAL_FORBIDDEN")]);
  }
  const twice = await Wire.dial(onTestFinished, port);
  twice.write(`GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n\r\n`);
  expect(await twice.read("\r\n")).toMatch(/^HTTP\/1\.1 40[03]/);
  const empty = await Wire.dial(onTestFinished, port);
  empty.write("GET /api/status HTTP/1.1\r\nHost:\r\n\r\n");
  expect(await empty.read("\r\n")).toMatch(/^HTTP\/1\.1 403/);
  const none = await Wire.dial(onTestFinished, port);
  none.write("GET /api/status HTTP/1.0\r\n\r\n");
  expect(await none.read("\r\n")).toMatch(/^HTTP\/1\.1 403/);
});

test("web pages of other origins are refused", async () => {
  const { port, ask } = await opened();
  const own = `http://127.0.0.1:${port}`;
  expect((await ask("/api/status", { headers: { Origin: own, "Sec-Fetch-Site": "same-origin" } })).status).toBe(200);
  expect((await ask("/api/status", { headers: { "Sec-Fetch-Site": "none" } })).status).toBe(200);
  for (const origin of ["https://evil.example", "null", `http://localhost:${port}`, `http://127.0.0.1:${port + 1}`, ""])
    expect((await ask("/api/status", { headers: { Origin: origin } })).status, origin).toBe(403);
  for (const site of ["cross-site", "same-site"])
    expect((await ask("/metrics", { headers: { "Sec-Fetch-Site": site } })).status).toBe(403);
  const { headers } = await ask("/api/status");
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  expect(headers["content-security-policy"]).toContain("default-src 'none'");
  expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  // A CORS preflight is refused too.
  const preflight = { Origin: "https://evil.example", "Access-Control-Request-Method": "GET" };
  expect((await ask("/api/status", { method: "OPTIONS", headers: preflight })).status).toBe(403);
});

test("it is read-only", async () => {
  const { ask, port } = await opened();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    expect((await ask("/api/status", { method })).status, method).toBe(405);
  expect((await ask("/nothing")).status).toBe(404);
  expect(String((await ask("/")).body)).toContain("/api/events");
  // The response must not wait for a body.
  const wire = await Wire.dial(onTestFinished, port);
  wire.write(`POST /api/status HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000000000\r\n\r\n`);
  expect(await wire.read("PN_LOCAL_METHOD")).toContain("405");
  await wire.over();
});

test("without metrics, /metrics does not exist", async () => {
  const { ask } = await opened({ metrics: false });
  expect((await ask("/metrics")).status).toBe(404);
});

test("when the port is in use, another one is used", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const { api, ask } = await opened({ listen: `127.0.0.1:${port}` });
  expect(new URL(api.url).port).not.toBe(String(port));
  expect((await ask("/health")).status).toBe(503);
});

/** A reader of live events. */
async function follow(api: LocalApi, path = "/api/events", fields: Record<string, string> = {}): Promise<Wire> {
  const port = Number(new URL(api.url).port);
  const wire = await Wire.dial(onTestFinished, port);
  const more = Object.entries({ ...bearer(api), ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
  wire.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n${more.join("")}\r\n`);
  await wire.read("\r\n\r\n");
  return wire;
}

test("live events are served, and those that a reader has missed", async () => {
  const { status, api } = await opened();
  status.add(eventOf("error", { number: 1 }));
  const wire = await follow(api, "/api/events?type=error");
  status.add(eventOf("pong"));
  status.add(eventOf("error", { number: 3 }));
  expect(await wire.read('"number":3')).toContain("id: 3\ndata: {");
  expect(wire.text).not.toContain('"number":1');
  expect(wire.text).not.toContain("pong");

  const back = await follow(api, "/api/events?type=error", { "Last-Event-ID": "1" });
  await back.read('"number":3');
  expect(back.text).not.toContain('"number":1');
  const all = await follow(api, "/api/events?since=2026-01-01");
  await all.read('"number":3');
  expect(all.text).toContain('"number":1');
  // The number belongs to an earlier process.
  const lost = await follow(api, "/api/events", { "Last-Event-ID": "9999" });
  status.add(eventOf("error", { number: 4 }));
  expect(await lost.read('"number":4')).not.toContain('"number":3');
});

test("a reader that reads nothing does not delay others, and receives the number of missed events", async () => {
  const { status, api, ask } = await opened();
  const slow = await follow(api);
  slow.socket.pause();
  const quick = await follow(api);
  const text = "x".repeat(4_000);
  // More than fits into any socket buffer.
  for (let number = 0; number < 10_000; number++) status.add(eventOf("error", { number, text }));
  expect((await ask("/health")).status).toBe(503);
  slow.socket.resume();
  await until("the backlog to be read", () => slow.text.includes('"number":10') && slow.bytes > 256 * 1024);
  // The next event that fits is preceded by the number of missed events.
  const lost = await until("the loss to be reported", () => {
    status.add(eventOf("error", { last: true }));
    return /event: lost\ndata: \{"lost":(\d+)\}/.exec(slow.text) ?? undefined;
  });
  expect(Number(lost[1])).toBeGreaterThan(0);
  expect(quick.end).toBe("open");
});

test("the number of readers is limited", async () => {
  const { api, ask } = await opened();
  const readers = await Promise.all(Array.from({ length: LOCAL_API_LIMITS.streams }, () => follow(api)));
  const refused = await ask("/api/events", { headers: { Accept: "text/event-stream" } });
  expect([refused.status, String(refused.body)]).toEqual([503, expect.stringContaining("PN_LOCAL_BUSY")]);
  readers[0]?.reset();
  await until("its slot to be free", async () => (await follow(api)).text.includes("200 OK"));
});

test("connections of a stranger close each other, and not those that have shown the token", async () => {
  const { api, port, ask } = await opened();
  const reader = await follow(api);
  const dialled: Wire[] = [];
  for (let number = 0; number < LOCAL_API_LIMITS.connections + 20; number++)
    dialled.push(await Wire.dial(onTestFinished, port));
  await until("the excess ones to be closed", () => dialled.filter(({ end }) => end !== "open").length >= 21);
  expect(dialled.findLastIndex(({ end }) => end !== "open")).toBe(20);
  expect((await ask("/api/status")).status).toBe(200);
  expect(reader.end).toBe("open");
});

test("/api/ needs the token, in every form of request; health and metrics do not", async () => {
  const { api, askStranger } = await opened();
  const { text } = api.token;
  for (const path of ["/api/status", "/api/events", "/api/nothing", "/api/", `/api/status?token=${text}`])
    for (const authorization of [undefined, "", text, `Basic ${btoa(`:${text}`)}`, `Bearer ${text}x`, "Bearer "]) {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      const { status, headers: fields, body } = await askStranger(path, { ...headers, Cookie: `token=${text}` });
      expect([status, fields["www-authenticate"]], `${path} ${authorization}`).toEqual([401, 'Bearer realm="postern"']);
      expect(String(body)).toContain("PN_LOCAL_TOKEN");
    }
  for (const path of ["/metrics", "/"]) expect((await askStranger(path)).status, path).toBe(200);
  expect((await askStranger("/health")).status).toBe(503);
  expect((await askStranger("/api/status", { Authorization: `bearer ${text}` })).status).toBe(200);
});

test("each start has another token, which only the link to the page contains", async () => {
  const [one, other] = [await opened(), await opened()];
  expect(one.api.token.text).toMatch(/^[\w-]{32}$/);
  expect(one.api.token.text).not.toBe(other.api.token.text);
  expect(one.api.pageUrl).toBe(`${one.api.url}/#token=${one.api.token.text}`);
  for (const path of ["/", "/health", "/metrics", "/api/status", "/api/events"])
    expect(String((await one.ask(path)).body)).not.toContain(one.api.token.text);
});

test("with a token of their own, the metrics need that one", async () => {
  const { ask, askStranger } = await opened({ metricsToken: "a-token-for-prometheus" });
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await askStranger("/metrics", headers)).status;
  expect((await ask("/metrics")).status).toBe(401);
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ Authorization: "Bearer a-token-for-prometheus" })).toBe(200);
  expect((await askStranger("/api/status", { Authorization: "Bearer a-token-for-prometheus" })).status).toBe(401);
  expect((await askStranger("/health")).status).toBe(503);
});

test("browsers get a page without any data, which may run only its own script", async () => {
  const { askStranger } = await opened();
  const page = await askStranger("/", {
    Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Site": "none",
  });
  expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
  expect(String(page.body)).not.toContain("web");
  expect(String(page.body)).not.toMatch(/<script>|<style|style="|\son\w+=/);
  for (const [, path = ""] of String(page.body).matchAll(/(?:src|href)="([^"]+)"/g))
    expect((await askStranger(path)).status, path).toBe(200);
});

test("a head that is too long or incomplete is refused", async () => {
  const { port } = await opened();
  const long = await Wire.dial(onTestFinished, port);
  long.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(LOCAL_API_LIMITS.head)}\r\n\r\n`);
  expect(await long.read("\r\n")).toContain("431");
  const slow = await Wire.dial(onTestFinished, port);
  slow.write("GET / HTTP/1.1\r\nHost:");
  await slow.over();
});

test("closing disconnects the readers", async () => {
  const { api, port } = await opened();
  const wire = await follow(api);
  await api.close();
  await wire.over();
  await api.close();
  await expect(
    new Promise((resolve, reject) => request({ port, host: "127.0.0.1" }, resolve).on("error", reject).end()),
  ).rejects.toThrow("ECONNREFUSED");
});
