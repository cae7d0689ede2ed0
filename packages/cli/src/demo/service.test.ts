import { once } from "node:events";
import { get, request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { requestOnce } from "./once.js";
import { startDemoService, type DemoService } from "./service.js";

async function started(): Promise<DemoService> {
  const service = await startDemoService("127.0.0.1:8080");
  onTestFinished(() => service.close());
  return service;
}

async function ask(port: number, path: string, accept: string): Promise<{ response: IncomingMessage; body: string }> {
  const [response] = (await once(get({ port, path, headers: { accept }, agent: false }), "response")) as [
    IncomingMessage,
  ];
  return { response, body: await text(response) };
}

test("browsers get a page, other programs JSON", async () => {
  const { port } = await started();
  const page = await ask(port, "/any/path", "text/html,*/*");
  expect(page.response.headers["content-type"]).toMatch(/^text\/html/);
  expect(page.body).toContain("/any/path");
  expect(JSON.parse((await ask(port, "/any?x", "*/*")).body)).toMatchObject({
    method: "GET",
    path: "/any?x",
    body_bytes: 0,
  });
});

test("every response forbids inline code and other origins", async () => {
  const { port } = await started();
  for (const path of ["/", "/palette.css", "/page.css", "/page.js", "/icon.svg"]) {
    const { response, body } = await ask(port, path, "text/html");
    expect(response.statusCode).toBe(200);
    expect(body.length).toBeGreaterThan(100);
    expect(response.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    expect(response.headers["x-content-type-options"]).toBe("nosniff");
  }
});

test("a request's body is read to its end and counted", async () => {
  const { port } = await started();
  const asking = request({ port, method: "POST", agent: false }).end(Buffer.alloc(300_000));
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  const body = await text(response);
  expect(JSON.parse(body)).toMatchObject({ method: "POST", body_bytes: 300_000 });
});

test("the clock ticks as Server-Sent Events until the streams are ended", async () => {
  const service = await started();
  const { port } = service;
  const [response] = (await once(get({ port, path: "/clock", agent: false }), "response")) as [IncomingMessage];
  expect(response.headers["content-type"]).toMatch(/^text\/event-stream/);
  let received = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
    received += chunk;
    if (received.split("event: tick").length === 4) service.endStreams();
  }
  expect(received.match(/data: \d{4}-.*Z\n\n/g)?.length).toBeGreaterThanOrEqual(3);
});

test("the echo sends text and bytes back, and closes when the streams are ended", async () => {
  const service = await started();
  const { port } = service;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
  await once(socket, "open");
  socket.send("Grüße");
  expect(String((await once(socket, "message"))[0])).toBe("Grüße");
  socket.send(Buffer.from([0, 255]));
  expect((await once(socket, "message")).slice(0, 2)).toEqual([Buffer.from([0, 255]), true]);
  service.endStreams();
  expect((await once(socket, "close"))[0]).toBe(1001);
});

test("an upgrade of another path, and a message that is too large, close only their own connection", async () => {
  const { port } = await started();
  const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/`);
  expect(String((await once(elsewhere, "error"))[0])).toContain("404");
  const large = new WebSocket(`ws://127.0.0.1:${port}/echo`);
  await once(large, "open");
  large.send(Buffer.alloc(100_000));
  expect((await once(large, "close"))[0]).toBe(1009);
  expect((await ask(port, "/", "*/*")).response.statusCode).toBe(200);
});

test("requestOnce reports the result; without a response of the service it fails", async () => {
  const { port } = await started();
  const { text: report, fields } = await requestOnce("http://my-app.localhost:8080", `127.0.0.1:${port}`);
  expect(report).toMatch(/^GET http:\/\/my-app\.localhost:8080 → 200 in [\d.]+ ms/);
  expect(fields).toMatchObject({ status: 200 });

  const failed: unknown = expect.objectContaining({ code: "PN_DEMO_FAILED" });
  await expect(requestOnce("http://my-app.localhost:8080", "127.0.0.1:1")).rejects.toEqual(failed);
});
