import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Agent, Client, fetch } from "undici";
import {
  Cleanup,
  echoed,
  fieldValues,
  needs,
  Origin,
  patternHash,
  patternStream,
  Program,
  Published,
  scratchFolder,
  ServerProcess,
  startEchoOrigin,
  startNginx,
  startPythonServer,
  type Echo,
  type SkippableTest,
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

describe("real visitors", () => {
  test("the public URL is the requested name below the base domain", () => {
    expect(site.url("/")).toBe(`http://web.localhost:${server.port}/`);
  });

  test("curl resolves the public URL by itself", async (context) => {
    const echo = await curl(context, "-d", "a=1", site.url("/from-curl?x=1"));
    expect(JSON.parse(echo)).toMatchObject({ method: "POST", url: "/from-curl?x=1", body: { text: "a=1" } });
  });

  test("curl with HTTP/1.0 receives a response without chunks", async (context) => {
    const response = await curl(context, "-0", "-i", site.url("/old"));
    expect(response).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(response).not.toMatch(/transfer-encoding/i);
  });

  test("curl uploads two megabytes after 100 Continue, and chunks that it reads from a pipe", async (context) => {
    const file = join(scratchFolder(onTestFinished), "upload");
    writeFileSync(file, Buffer.alloc(2_000_000, "u"));
    const expecting = await curl(
      context,
      "-i",
      "-H",
      "Expect: 100-continue",
      "--data-binary",
      `@${file}`,
      site.url("/"),
    );
    expect(expecting).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(expecting).toContain('"bytes":2000000');
    const piped = await curl(context, "-X", "PUT", "-H", "Transfer-Encoding: chunked", "-T", file, site.url("/"));
    expect(fieldValues((JSON.parse(piped) as Echo).rawHeaders, "transfer-encoding")).toEqual(["chunked"]);
    expect((JSON.parse(piped) as Echo).body.bytes).toBe(2_000_000);
  });

  test("curl receives a refusal in the middle of its upload", async (context) => {
    const strict = await Origin.start(onTestFinished, (_, outgoing) => {
      outgoing.writeHead(413, { connection: "close" }).end("too much for me");
    });
    const { url } = boundTo(await Published.start(onTestFinished, strict.port, { server }));
    const file = join(scratchFolder(onTestFinished), "upload");
    writeFileSync(file, Buffer.alloc(50_000_000));
    expect(await curl(context, "-H", "Expect:", "-T", file, url("/"))).toBe("too much for me");
  });

  test("undici uses one connection for many requests", async () => {
    const dispatcher = loopbackAgent();
    let connections = 0;
    dispatcher.on("connect", () => (connections += 1));
    for (let number = 1; number <= 50; number += 1) {
      const response = await fetch(site.url(`/page/${number}`), { dispatcher });
      expect(await response.json()).toMatchObject({ method: "GET", url: `/page/${number}` });
    }
    expect(connections).toBe(1);
  });

  test("undici pipelines requests, and each has its own response", async () => {
    const client = new Client(`http://127.0.0.1:${site.port}`, { pipelining: 10 });
    onTestFinished(() => client.destroy());
    const responses = await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const { body } = await client.request({
          method: "GET",
          path: `/ahead/${number}`,
          headers: { host: site.host },
        });
        return (await body.json()) as Echo;
      }),
    );
    expect(responses.map(({ url }) => url)).toEqual(responses.map((_, number) => `/ahead/${number}`));
  });

  test("undici uploads a generated stream", async () => {
    const body = patternStream(3_000_000);
    const response = await fetch(site.url("/made-up"), {
      method: "POST",
      body,
      duplex: "half",
      dispatcher: loopbackAgent(),
    });
    expect(await response.json()).toMatchObject({ body: { bytes: 3_000_000, sha256: patternHash(3_000_000) } });
  });

  test("undici upgrades to another protocol", async () => {
    const origin = await Origin.start(onTestFinished, (_, outgoing) => outgoing.writeHead(426).end());
    origin.onUpgrade((_, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.pipe(socket);
    });
    const { host } = await Published.start(onTestFinished, origin.port, { server });
    const client = new Client(`http://127.0.0.1:${site.port}`);
    onTestFinished(() => client.destroy());
    const { socket } = await client.upgrade({ path: "/", protocol: "echo", headers: { host } });
    socket.end("hello");
    expect(await text(socket)).toBe("hello");
  });

  test("sixty-four concurrent visitors each receive their own response", async () => {
    const responses = await Promise.all(Array.from({ length: 64 }, (_, number) => site.visit(`/visitor/${number}`)));
    expect(responses.map((response) => echoed(response).url)).toEqual(
      responses.map((_, number) => `/visitor/${number}`),
    );
  });

  test("for an HTTP/1.0 visitor the response ends with the connection", async () => {
    const wire = await site.wire(onTestFinished);
    wire.write(`GET /old HTTP/1.0\r\nHost: ${site.host}\r\n\r\n`);
    expect(await wire.over()).toBe("end");
    expect(wire.text).toMatch(/^HTTP\/1\.[01] 200 OK\r\n[^]*"url":"\/old"/);
  });
});

describe("real services", () => {
  test("nginx: files, ranges, conditional requests, its own 404", async (context) => {
    needs(context, "nginx");
    const nginx = await startNginx(onTestFinished, { "hello.txt": "hello from nginx\n" });
    const { visit } = boundTo(await Published.start(onTestFinished, nginx.port, { server }));
    const whole = await visit("/hello.txt");
    expect([whole.status, whole.body.toString()]).toEqual([200, "hello from nginx\n"]);
    const part = await visit("/hello.txt", { headers: { range: "bytes=6-9" } });
    expect([part.status, part.body.toString()]).toEqual([206, "from"]);
    const same = await visit("/hello.txt", { headers: { "if-none-match": whole.headers.etag ?? "" } });
    expect([same.status, same.body.length]).toEqual([304, 0]);
    expect((await visit("/nothing")).status).toBe(404);
  });

  test.for(["HTTP/1.0", "HTTP/1.1"] as const)("python's http.server as %s", async (protocol, context) => {
    needs(context, "python3");
    const python = await startPythonServer(onTestFinished, { "hello.txt": "hello from python\n" }, protocol);
    const { visit } = boundTo(await Published.start(onTestFinished, python.port, { server }));
    for (let times = 0; times < 5; times += 1) {
      const { status, body } = await visit("/hello.txt");
      expect([status, body.toString()]).toEqual([200, "hello from python\n"]);
    }
    expect((await visit("/nothing")).status).toBe(404);
    // It refuses an unknown method without reading the body.
    expect((await visit("/hello.txt", { method: "POST", body: Buffer.alloc(100_000) })).status).toBe(501);
    expect((await visit("/hello.txt", { method: "HEAD" })).headers["content-length"]).toBe("18");
  });
});

test("the client reports each request with its outcome", async () => {
  const { client } = site;
  const before = client.count("http_request");
  await site.visit("/outcome?x=1", { method: "POST", body: "12345" });
  const event = await client.program.waitFor("the request's event", () =>
    client.events.find(({ type, data }) => type === "http_request" && data["path"] === "/outcome?x=1"),
  );
  expect(event.data).toMatchObject({ method: "POST", status: 200, bytes_in: 5 });
  expect(client.count("http_request")).toBeGreaterThan(before);
});

/** An agent for loopback, because the system's resolver does not resolve names below localhost. */
function loopbackAgent(): Agent {
  const agent = new Agent({
    connections: 1,
    connect: { lookup: (_, __, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) },
  });
  onTestFinished(() => agent.destroy());
  return agent;
}

function boundTo(published: Published): { visit: Published["visit"]; url: Published["url"] } {
  return { visit: published.visit.bind(published), url: published.url.bind(published) };
}

/** Runs curl and returns its output. */
async function curl(context: SkippableTest, ...args: string[]): Promise<string> {
  needs(context, "curl");
  const program = new Program(onTestFinished, "curl", { args: ["-sS", ...args] });
  await program.ends(0);
  return program.stdout;
}
