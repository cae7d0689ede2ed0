import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { readCertificate, type Certificate } from "@postern/net";
import { CertificateAuthority, Cleanup, exchange, needs, Origin, until } from "@postern/testkit";
import type { GatewayService } from "./gateway-service.js";
import type { RoutedEntry, RouteOptions } from "./service-options.js";
import { forward, namedOrigin, portOf, startService, type StartOptions } from "./started-service.suite.js";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const start = (options: StartOptions): Promise<GatewayService> => startService(cleanup.defer, options);
const named = (name: string): Promise<Origin> => namedOrigin(cleanup.defer, name);

describe("routes", () => {
  test("take requests to their targets, with the target's path and Host", async () => {
    const [api, all] = [await named("api"), await named("all")];
    const routes = [forward("/*", all.port, { stripPrefix: false }), forward("/api/*", api.port, {}, "/base")];
    const { address } = await start({ routes });
    const ask = (path: string): Promise<string> =>
      exchange(portOf(address), { host: "shop.example", path }).then(({ body }) => body.toString());
    expect([await ask("/api/users?x=1"), await ask("/apix"), await ask("/")]).toEqual(["api", "all", "all"]);
    expect(api.requests[0]).toMatchObject({ url: "/base/users?x=1", headers: { host: `127.0.0.1:${api.port}` } });
    expect(api.requests[0]?.headers["x-forwarded-host"]).toBe("shop.example");
    expect(all.requests.map(({ url }) => url)).toEqual(["/apix", "/"]);
  });

  test("redirect and respond", async () => {
    const { address } = await start({
      routes: [
        { name: "old", match: { path: "/old/*" }, action: { kind: "redirect", to: "/new{rest}", status: 301 } },
        { name: "robots", match: { path: "/robots.txt" }, action: { kind: "respond", status: 200, text: "none\n" } },
      ],
    });
    const port = portOf(address);
    const redirected = await exchange(port, { host: "a", path: "/old/x?y" });
    expect([redirected.status, redirected.headers.location]).toEqual([301, "/new/x?y"]);
    const robots = await exchange(port, { host: "a", path: "/robots.txt" });
    expect([robots.status, robots.body.toString()]).toEqual([200, "none\n"]);
  });

  test("that do not match leave 404, 405 with Allow, or 400 for a path with NUL", async () => {
    const origin = await named("api");
    const post = forward("/api/*", origin.port);
    const { address } = await start({ routes: [{ ...post, match: { path: "/api/*", methods: ["POST", "PUT"] } }] });
    const codes = [];
    for (const path of ["/nothing", "/api/x", "/api/%00"]) {
      const { status, headers } = await exchange(portOf(address), { host: "a", path });
      codes.push([status, headers["postern-error"], headers.allow]);
    }
    expect(codes).toEqual([
      [404, "PN_ROUTE_UNKNOWN", undefined],
      [405, "PN_ROUTE_METHOD", "POST, PUT"],
      [400, "PN_ROUTE_PATH", undefined],
    ]);
    expect(origin.requests).toEqual([]);
  });

  test("to a tunnel of the same process use its upstream; without a server they are refused at the start", async () => {
    const routes = [forward("/*", 0, { targets: [{ url: "tunnel://web/base" }] })];
    await expect(start({ routes })).rejects.toThrow("tunnel://web/base needs a tunnel server");
    const names: string[] = [];
    const { address } = await start({
      routes,
      tunnelUpstream: (name) => {
        names.push(name);
        return { unavailable: "gone", suspect: false, dial: () => expect.unreachable() };
      },
    });
    const { status } = await exchange(portOf(address), { host: "a" });
    expect([names, status]).toEqual([["web"], 503]);
  });
});

describe("service endpoints", () => {
  test.for([
    ["/health", { status: "healthy", service: "gateway", timestamp: expect.any(String), version: "1.2.3" }],
    ["/ping", { status: "healthy", service: "gateway", message: "pong", version: "1.2.3" }],
    ["/config/health", { status: "healthy", service: "config", message: expect.any(String), version: "1.2.3" }],
    ["/config/status", { status: "healthy", service: "config", timestamp: expect.any(String), version: "1.2.3" }],
    ["/static/health", { status: "healthy", service: "static" }],
    ["/static/status", { status: "healthy", service: "static" }],
    ["/balancer/health", { status: "healthy", service: "balancer" }],
    ["/balancer/status?verbose", { status: "healthy", service: "balancer" }],
  ] as const)("%s", async ([path, content]) => {
    const { address } = await start({ routes: [] });
    const { status, headers, body } = await exchange(portOf(address), { host: "a", path });
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(body.toString())).toMatchObject(content);
  });

  test("stand behind routes, and can be off", async () => {
    const health = {
      name: "own",
      match: { path: "/health" },
      action: { kind: "respond", status: 200, text: "mine" },
    } as const;
    const both = await start({ routes: [health] });
    expect((await exchange(portOf(both.address), { host: "a", path: "/health" })).body.toString()).toBe("mine");
    expect((await exchange(portOf(both.address), { host: "a", path: "/ping" })).status).toBe(200);
    const off = await start({ routes: [], serviceEndpoints: false });
    expect((await exchange(portOf(off.address), { host: "a", path: "/health" })).status).toBe(404);
  });
});

describe("a reload", () => {
  test("keeps the connections of what did not change, and reports what did", async () => {
    const [stays, leaves, comes] = [await named("stays"), await named("leaves"), await named("comes")];
    const service = await start({ routes: [forward("/a/*", stays.port), forward("/b/*", leaves.port)] });
    const port = portOf(service.address);
    const ask = (path: string): Promise<string> =>
      exchange(port, { host: "x", path }).then(({ body }) => body.toString());
    expect([await ask("/a/"), await ask("/b/")]).toEqual(["stays", "leaves"]);
    expect([stays.connections, leaves.connections]).toEqual([1, 1]);

    const changes = service.replaceRoutes([forward("/b/*", comes.port), forward("/a/*", stays.port), forward("/c", 1)]);
    expect(changes).toEqual({ added: ["/c"], changed: ["/b/*"], removed: [] });
    expect([await ask("/a/"), await ask("/b/")]).toEqual(["stays", "comes"]);
    expect(stays.connections).toBe(1);
    await until("the idle connection of the removed target to close", () => leaves.connections === 0);
    expect(service.replaceRoutes([]).removed).toEqual(["/b/*", "/a/*", "/c"]);
  });

  test("changes the weights of targets, and keeps their connections", async () => {
    const [one, two] = [await named("one"), await named("two")];
    const weighted = (...weights: number[]): RouteOptions => {
      const targets = [one, two].map(({ port }, n) => ({ url: `http://127.0.0.1:${port}`, weight: weights[n] }));
      return forward("/*", 0, { targets });
    };
    const service = await start({ routes: [weighted(3, 1)] });
    const counts = async (): Promise<Record<string, number>> => {
      const found: Record<string, number> = {};
      for (let n = 0; n < 8; n++) {
        const name = (await exchange(portOf(service.address), { host: "x" })).body.toString();
        found[name] = (found[name] ?? 0) + 1;
      }
      return found;
    };
    expect(await counts()).toEqual({ one: 6, two: 2 });
    expect(service.replaceRoutes([weighted(1, 3)]).changed).toEqual(["/*"]);
    expect(await counts()).toEqual({ one: 2, two: 6 });
    service.replaceRoutes([weighted(0, 1)]);
    expect(await counts()).toEqual({ two: 8 });
    expect([one.connections, two.connections]).toEqual([1, 1]);
    service.replaceRoutes([weighted(0, 0)]);
    const { status, headers } = await exchange(portOf(service.address), { host: "x" });
    expect([status, headers["retry-after"], headers["postern-error"]]).toEqual([503, "1", "PN_TARGETS_DOWN"]);
  });

  test("closes no upgraded connection, also of a route that is removed", async () => {
    const chat = await named("no chat");
    chat.server.on("upgrade", (_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
      socket.pipe(socket);
    });
    const service = await start({ routes: [forward("/chat/*", chat.port)] });
    const socket = connect(portOf(service.address), "127.0.0.1");
    cleanup.defer(() => Promise.resolve(void socket.destroy()));
    socket.write("GET /chat/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    let got = "";
    socket.setEncoding("latin1").on("data", (text: string) => (got += text));
    await until("the 101", () => got.includes("\r\n\r\n"));
    expect(got).toMatch(/^HTTP\/1\.1 101 /);
    service.replaceRoutes([]);
    got = "";
    socket.write("still here\n");
    await until("an echo", () => got !== "");
    expect(got).toContain("still here");
  });

  test("with a route that is not valid changes nothing", async () => {
    const origin = await named("same");
    const service = await start({ routes: [forward("/*", origin.port)] });
    const wrong: RouteOptions = forward("/x", 1, { targets: [{ url: "ftp://a" }] });
    expect(() => service.replaceRoutes([wrong])).toThrow('"ftp://a" is not the URL of a target.');
    expect(() => service.replaceRoutes([{ ...wrong, match: { path: "x" } }])).toThrow(RangeError);
    expect((await exchange(portOf(service.address), { host: "a" })).body.toString()).toBe("same");
    expect(service.figures().routes.map(({ route }) => route)).toEqual(["/*"]);
  });
});

describe("reports", () => {
  test("name route and target of each request, and count those beyond the quota", async () => {
    const origin = await named("x");
    const entries: RoutedEntry[] = [];
    const omitted: number[] = [];
    const service = await start({
      routes: [forward("/a", origin.port)],
      requestRecords: 2,
      onRequest: (entry) => void entries.push(entry),
      onOmitted: (count) => void omitted.push(count),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanup.defer(() => Promise.resolve(agent.destroy()));
    for (const path of ["/a", "/b", "/a", "/a", "/a", "/a"])
      await exchange(portOf(service.address), { host: "h", path, agent });
    expect(entries.slice(0, 2)).toMatchObject([
      { method: "GET", path: "/a", status: 200, route: "/a", target: `127.0.0.1:${origin.port}` },
      { path: "/b", status: 404, code: "PN_ROUTE_UNKNOWN" },
    ]);
    expect(entries[1]).not.toHaveProperty("route");
    await service.stop();
    expect(entries.length + omitted.reduce((sum, count) => sum + count, 0)).toBe(6);
  });

  test("figures count requests by route and by target", async () => {
    const origin = await named("x");
    const service = await start({ routes: [forward("/a", origin.port), forward("/b", origin.port)] });
    await exchange(portOf(service.address), { host: "h", path: "/a" });
    await exchange(portOf(service.address), { host: "h", path: "/b", method: "POST", body: "four" });
    const target = `127.0.0.1:${origin.port}`;
    expect(service.figures()).toMatchObject({
      routes: [
        { route: "/a", action: "forward", requests: { "2xx": 1 }, targets: [{ target, state: "ok", active: 0 }] },
        { route: "/b", bytes_in: 4, bytes_out: 1 },
      ],
      targetTraffic: [
        { label: target, requests: { "2xx": 2 } },
        { label: "_other", requests: { "2xx": 0 } },
      ],
    });
  });

  test("figures count a request that ends after a reload removed its target", async () => {
    let finish = (): void => {};
    const origin = await Origin.start(cleanup.defer, (_, outgoing) => void (finish = () => outgoing.end("done")));
    const service = await start({ routes: [forward("/a", origin.port)] });
    const visit = exchange(portOf(service.address), { host: "h", path: "/a" });
    await until("the request", () => origin.requests.length === 1);
    service.replaceRoutes([]);
    finish();
    await visit;
    expect(service.figures().routeTraffic[0]).toMatchObject({ label: "/a", requests: { "2xx": 1 } });
    expect(service.figures().targetTraffic[0]).toMatchObject({
      label: `127.0.0.1:${origin.port}`,
      requests: { "2xx": 1 },
    });
  });
});

describe("HTTPS", () => {
  /** The names of the certificate for `servername`, and the response. */
  function ask(port: number, servername: string): Promise<{ names: string; status: number }> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, servername, rejectUnauthorized: false, agent: false };
      const outgoing = httpsRequest({ ...options, headers: { host: servername } }, (incoming) => {
        const names = (incoming.socket as TLSSocket).getPeerCertificate().subjectaltname ?? "";
        incoming.resume().on("end", () => resolve({ names, status: incoming.statusCode ?? 0 }));
      });
      outgoing.on("error", reject).end();
    });
  }

  test("selects the certificate by name, and redirects HTTP with 301 or 308 except for exempt paths", async (context) => {
    needs(context, "openssl");
    const ca = new CertificateAuthority(cleanup.defer);
    const certificates = [["gateway.example"], ["*.wild.example"], ["shop.example"]].map((names): Certificate => {
      const files = ca.issue({ names });
      return readCertificate({ certificate: readFileSync(files.certificate), key: readFileSync(files.key) });
    });
    const origin = await named("x");
    const service = await start({
      routes: [forward("/*", origin.port)],
      tls: { listen: "127.0.0.1:0", certificates, redirect: true, redirectExempt: ["/.well-known"] },
    });
    const secure = portOf(service.secureAddress);
    expect(await ask(secure, "shop.example")).toEqual({ names: "DNS:shop.example", status: 200 });
    expect((await ask(secure, "any.wild.example")).names).toBe("DNS:*.wild.example");
    expect((await ask(secure, "unknown.example")).names).toBe("DNS:gateway.example");

    const plain = (path: string, method: string): Promise<[number, string | undefined]> =>
      exchange(portOf(service.address), { host: "shop.example", path, method }).then((answer) => [
        answer.status,
        answer.headers.location,
      ]);
    const location = `https://shop.example:${secure}/a?b`;
    expect(await plain("/a?b", "GET")).toEqual([301, location]);
    expect(await plain("/a?b", "HEAD")).toEqual([301, location]);
    expect(await plain("/a?b", "POST")).toEqual([308, location]);
    expect(await plain("/.well-known/x", "GET")).toEqual([200, undefined]);

    service.replaceCertificates(certificates.slice(1, 2));
    expect((await ask(secure, "shop.example")).names).toBe("DNS:*.wild.example");
  });
});

describe("a stop", () => {
  test("lets a request in progress finish, and closes idle connections", async () => {
    let finish = (): void => {};
    const origin = await Origin.start(cleanup.defer, (_, outgoing) => void (finish = () => outgoing.end("done")));
    const service = await start({ routes: [forward("/*", origin.port)], drainTimeout: 10_000 });
    const idle = connect(portOf(service.address), "127.0.0.1").resume();
    await once(idle, "connect");
    const outgoing = httpRequest({ port: portOf(service.address), host: "127.0.0.1", agent: false }).end();
    const response = once(outgoing, "response");
    await until("the request", () => origin.requests.length === 1);
    const stopped = service.stop();
    await once(idle, "close");
    finish();
    const [incoming] = (await response) as [import("node:http").IncomingMessage];
    expect(incoming.statusCode).toBe(200);
    incoming.resume();
    await stopped;
    await expect(exchange(portOf(service.address), { host: "a" })).rejects.toThrow("ECONNREFUSED");
  });

  test("an address in use is an error with its code, and nothing stays open", async () => {
    const first = await start({ routes: [] });
    await expect(start({ routes: [], listen: first.address })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
