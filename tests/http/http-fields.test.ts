import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  echoed,
  exchange,
  fieldValues,
  Origin,
  Published,
  ServerProcess,
  startEchoOrigin,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
let echo: Origin;
let site: Published;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  echo = await startEchoOrigin(cleanup.defer);
  site = await Published.start(cleanup.defer, echo.port, { server, subdomain: "web" });
});
afterAll(() => cleanup.run());

test("path and query arrive byte for byte", async () => {
  const paths = ["/a%2Fb//c;d=1?q=%20+&&=%zz&x=a?b", "/%E2%82%AC/..;/x/./?", "/a/%2e%2e/b%5Cc%00d", "/?", "//double"];
  for (const path of paths) {
    const wire = await site.ask(onTestFinished, `GET ${path}`);
    const text = await wire.read('"body"');
    expect(text).toContain(`"url":${JSON.stringify(path)}`);
  }
  expect(echo.requests.slice(-paths.length).map(({ url }) => url)).toEqual(paths);
});

test("header fields keep their order, repetitions and values", async () => {
  const wire = await site.ask(
    onTestFinished,
    "GET /fields",
    "X-One: 1",
    "Cookie: a=1; b=\u00e4",
    "X-One: 2",
    "x-EMPTY:",
  );
  await wire.read('"body"');
  const { rawHeaders } = echo.last;
  expect(fieldValues(rawHeaders, "x-one")).toEqual(["1", "2"]);
  expect(fieldValues(rawHeaders, "cookie")).toEqual(["a=1; b=\u00e4"]);
  expect(fieldValues(rawHeaders, "x-empty")).toEqual([""]);
});

test("each cookie that an origin sets arrives as a separate field", async () => {
  const cookies = await Origin.start(onTestFinished, (_, outgoing) => {
    outgoing.setHeader("set-cookie", ["a=1; Path=/", "b=2; HttpOnly"]).end("sweet");
  });
  const { rawHeaders } = await (await Published.start(onTestFinished, cookies.port, { server })).visit("/");
  expect(fieldValues(rawHeaders, "set-cookie")).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
});

test("origins receive the visitor's address and the requested host", async () => {
  echoed(await site.visit("/"));
  const { headers, rawHeaders } = echo.last;
  expect(headers).toMatchObject({
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": site.host,
    "x-real-ip": "127.0.0.1",
  });
  const [forwarded = ""] = fieldValues(rawHeaders, "forwarded");
  expect(forwarded.split(";").toSorted()).toEqual(["for=127.0.0.1", `host="${site.host}"`, "proto=http"]);
});

test("a visitor can neither forge nor remove the forwarded fields", async () => {
  const forged = [
    "X-Forwarded-For: 6.6.6.6",
    "x-forwarded-FOR: 6.6.6.7",
    "X_Forwarded_For: 6.6.6.8",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.example",
    "X-Real-IP: 6.6.6.6",
    "Forwarded: for=6.6.6.6",
    "X-Forwarded-Port: 666",
    "True-Client-IP: 6.6.6.6",
    "CF-Connecting-IP: 6.6.6.6",
    "X-Cluster-Client-IP: 6.6.6.6",
    "X-Original-URL: /evil",
    "Connection: keep-alive, X-Forwarded-For, X-Real-IP, Forwarded",
  ];
  const wire = await site.ask(onTestFinished, "GET /forged", ...forged);
  await wire.read('"body"');
  const { rawHeaders } = echo.last;
  expect(rawHeaders.filter((text) => /6\.6\.6|evil|^666$|https/.test(text))).toEqual([]);
  expect(fieldValues(rawHeaders, "x-forwarded-for")).toEqual(["127.0.0.1"]);
  expect(fieldValues(rawHeaders, "x-real-ip")).toEqual(["127.0.0.1"]);
  expect(fieldValues(rawHeaders, "forwarded")).toHaveLength(1);
});

test("a login proxy passes on the fields that the operator lists, and a request id that also appears in events", async () => {
  const listed = "X-Forwarded-User,X-Forwarded-Prefix,X-Request-Id";
  const args = ["--trusted-proxies", "127.0.0.1", "--trusted-proxy-fields", listed];
  const proxied = await ServerProcess.start(onTestFinished, { args });
  const app = await Published.start(onTestFinished, echo.port, { server: proxied });
  const login = { "x-forwarded-user": "ann", "x-forwarded-prefix": "/app", "x-request-id": "from-the-proxy" };
  echoed(await app.visit("/", { headers: { ...login, "x-forwarded-for": "192.0.2.1", "x-forwarded-email": "a@b.c" } }));
  expect(echo.last.headers).toMatchObject({ ...login, "x-real-ip": "192.0.2.1" });
  expect(echo.last.headers).not.toHaveProperty("x-forwarded-email");
  const { data } = await app.client.event("http_request");
  expect(data).toMatchObject({ request_id: "from-the-proxy" });
  const missing = await exchange(proxied.port, { host: "none.localhost", headers: login });
  expect(missing.headers["x-request-id"]).toBe("from-the-proxy");

  echoed(await site.visit("/", { headers: login }));
  expect(echo.last.headers).not.toHaveProperty("x-forwarded-user");
  expect(echo.last.headers["x-request-id"]).not.toBe("from-the-proxy");
});

test("hop-by-hop fields are not forwarded, in either direction", async () => {
  const wire = await site.ask(
    onTestFinished,
    "GET /hops",
    "Connection: close, X-Secret",
    "X-Secret: 1",
    "Keep-Alive: timeout=9",
    "Proxy-Connection: keep-alive",
    "TE: gzip",
  );
  await wire.over();
  const names = echo.last.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  for (const name of ["x-secret", "keep-alive", "proxy-connection", "te"]) expect(names).not.toContain(name);

  const internal = await Origin.start(onTestFinished, (_, outgoing) => {
    outgoing.setHeader("connection", "keep-alive, X-Internal").setHeader("x-internal", "1");
    outgoing.setHeader("proxy-authenticate", "Basic").setHeader("x-public", "1").end("ok");
  });
  const { headers } = await (await Published.start(onTestFinished, internal.port, { server })).visit("/");
  expect(headers).toHaveProperty("x-public", "1");
  expect(headers).not.toHaveProperty("x-internal");
});

test("an origin sees the visitor's Host, its own, or a fixed one, as the client is configured", async () => {
  echoed(await site.visit("/"));
  expect(echo.last.headers.host).toBe(site.host);

  const target = `127.0.0.1:${echo.port}`;
  const own = await Published.start(onTestFinished, target, { server, args: ["--host-header", "rewrite"] });
  echoed(await own.visit("/"));
  expect(echo.last.headers.host).toBe(target);
  expect(echo.last.headers["x-forwarded-host"]).toBe(own.host);

  const fixed = await Published.start(onTestFinished, echo.port, { server, args: ["--host-header", "app.internal"] });
  echoed(await fixed.visit("/"));
  expect(echo.last.headers.host).toBe("app.internal");
});

test("Host is matched without regard to case, and with a trailing dot", async () => {
  for (const host of [`WEB.LocalHost:${server.port}`, `web.localhost.:${server.port}`, "web.localhost"]) {
    const wire = await site.wire(onTestFinished);
    wire.write(`GET /canonical HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await wire.read("\r\n\r\n"), host).toMatch(/^HTTP\/1\.1 200 OK/);
  }
});

test("an origin can see which visitors accept trailers", async () => {
  const origin = await Origin.start(onTestFinished, ({ headers: { te } }, outgoing) => {
    outgoing.write("sum");
    if (te === "trailers") outgoing.addTrailers({ "X-Sum": "1" });
    outgoing.end();
  });
  const published = await Published.start(onTestFinished, origin.port, { server });
  const accepting = await published.visit("/", { headers: { te: "trailers, deflate;q=0.5", connection: "TE" } });
  expect(accepting.trailers).toEqual({ "x-sum": "1" });
  expect((await published.visit("/")).trailers).toEqual({});
});
