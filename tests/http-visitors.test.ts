import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Agent, fetch } from "undici";
import {
  Cleanup,
  echoed,
  needs,
  Origin,
  Program,
  Published,
  ServerProcess,
  startEchoOrigin,
  startNginx,
  startPythonServer,
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

  test("curl finds the public URL by itself", async (context) => {
    needs(context, "curl");
    const curl = new Program(onTestFinished, "curl", { args: ["-sS", "-d", "a=1", site.url("/from-curl?x=1")] });
    await curl.ends(0);
    expect(JSON.parse(curl.stdout)).toMatchObject({ method: "POST", url: "/from-curl?x=1", body: { text: "a=1" } });
  });

  test("undici keeps one connection for many requests", async () => {
    const dispatcher = loopbackAgent();
    let connections = 0;
    dispatcher.on("connect", () => (connections += 1));
    for (let number = 1; number <= 50; number += 1) {
      const answer = await fetch(site.url(`/page/${number}`), { dispatcher });
      expect(await answer.json()).toMatchObject({ method: "GET", url: `/page/${number}` });
    }
    expect(connections).toBe(1);
  });

  test("sixty-four visitors at once each get their own answer", async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, (_, number) => site.visit(`/visitor/${number}`)));
    expect(answers.map((answer) => echoed(answer).url)).toEqual(answers.map((_, number) => `/visitor/${number}`));
  });

  test("an HTTP/1.0 visitor is answered until the connection ends", async () => {
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

  test("python's http.server: HTTP/1.0 answers that end with the connection", async (context) => {
    needs(context, "python3");
    const python = await startPythonServer(onTestFinished, { "hello.txt": "hello from python\n" });
    const { visit } = boundTo(await Published.start(onTestFinished, python.port, { server }));
    for (let times = 0; times < 5; times += 1) {
      const { status, body } = await visit("/hello.txt");
      expect([status, body.toString()]).toEqual([200, "hello from python\n"]);
    }
  });
});

test("the client tells each request with its outcome", async () => {
  const { client } = site;
  const before = client.count("http_request");
  await site.visit("/told?x=1", { method: "POST", body: "12345" });
  const told = await client.program.waitFor("the request's event", () =>
    client.events.find(({ type, data }) => type === "http_request" && data["path"] === "/told?x=1"),
  );
  expect(told.data).toMatchObject({ method: "POST", status: 200, bytes_in: 5 });
  expect(client.count("http_request")).toBeGreaterThan(before);
});

/** undici resolves names by the system, which knows none below localhost. */
function loopbackAgent(): Agent {
  const agent = new Agent({
    connections: 1,
    connect: { lookup: (_, __, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) },
  });
  onTestFinished(() => agent.destroy());
  return agent;
}

function boundTo(published: Published): { visit: Published["visit"] } {
  return { visit: published.visit.bind(published) };
}
