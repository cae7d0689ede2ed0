import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { ChatOrigin, Cleanup, needs, Program, Published, ScriptedOrigin, ServerProcess, until } from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

describe("a WebSocket chat", () => {
  let chat: ChatOrigin;
  let published: Published;
  beforeAll(async () => {
    chat = await ChatOrigin.start(cleanup.defer);
    published = await Published.start(cleanup.defer, chat.origin.port, { server, subdomain: "chat" });
  });

  // Guests of an earlier test may not have left yet.
  beforeEach(() => until("an empty room", () => chat.room.size === 0).then(() => {}));

  async function join(): Promise<{ guest: WebSocket; received: { data: Buffer; isBinary: boolean }[] }> {
    const inRoom = chat.room.size;
    const guest = new WebSocket(`ws://127.0.0.1:${server.port}/room`, { headers: { host: published.host } });
    onTestFinished(() => guest.terminate());
    const received: { data: Buffer; isBinary: boolean }[] = [];
    guest.on("message", (data: Buffer, isBinary) => received.push({ data, isBinary }));
    await until("the guest to join", () => guest.readyState === WebSocket.OPEN && chat.room.size === inRoom + 1);
    return { guest, received };
  }

  test("each visitor receives the other's messages, text as text and bytes as bytes", async () => {
    const [ann, ben] = [await join(), await join()];
    ann.guest.send("hello Ben €");
    await until("Ben to receive it", () => ben.received.length === 1);
    expect([ben.received[0]?.isBinary, ben.received[0]?.data.toString()]).toEqual([false, "hello Ben €"]);
    ben.guest.send(Buffer.from([0, 1, 255]));
    await until("Ann to receive it", () => ann.received.length === 1);
    expect(ann.received[0]).toEqual({ data: Buffer.from([0, 1, 255]), isBinary: true });
  });

  test("a thousand messages arrive in order, and one of ten megabytes completely", async () => {
    const [ann, ben] = [await join(), await join()];
    for (let number = 0; number < 1000; number += 1) ann.guest.send(`message ${number}`);
    const big = randomBytes(10_000_000);
    ann.guest.send(big);
    await until("all messages", () => ben.received.length === 1001);
    const texts = ben.received.slice(0, 1000).map(({ data }) => data.toString());
    expect(texts).toEqual(texts.map((_, number) => `message ${number}`));
    const digest = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
    expect(digest(ben.received[1000]?.data ?? Buffer.alloc(0))).toBe(digest(big));
  });

  test("the other end answers pings, and a close keeps its code and reason", async () => {
    const { guest } = await join();
    const pong = new Promise<string>((resolve) => guest.once("pong", (data) => resolve(data.toString())));
    guest.ping("are you there");
    expect(await pong).toBe("are you there");
    const bye = new Promise((resolve) => guest.once("close", (code, reason) => resolve([code, reason.toString()])));
    for (const other of chat.room) other.close(4321, "closing time");
    expect(await bye).toEqual([4321, "closing time"]);
  });

  test("a visitor that vanishes leaves the room", async () => {
    const { guest } = await join();
    const inRoom = chat.room.size;
    guest.terminate();
    await until("the room to notice", () => chat.room.size === inRoom - 1);
  });
});

describe("any other upgrade", () => {
  const UPGRADE = ["Connection: Upgrade", "Upgrade: chess/2"];
  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chess/2\r\n\r\n";
  let script: ScriptedOrigin;
  let published: Published;
  beforeAll(async () => {
    script = await ScriptedOrigin.start(cleanup.defer);
    published = await Published.start(cleanup.defer, script.port, { server, subdomain: "chess" });
  });

  test("bytes after either head arrive, the visitor's only after the origin has switched protocols", async () => {
    const wire = await published.wire(onTestFinished);
    wire.write(`GET /eager HTTP/1.1\r\nHost: ${published.host}\r\n${UPGRADE.join("\r\n")}\r\n\r\ne2e4`);
    const origin = await script.wire("GET /eager");
    expect(await origin.read("\r\n\r\n")).toMatch(/\r\nupgrade: chess\/2\r\n/i);
    // When another request has passed through every process, the bytes e2e4 would have arrived too.
    const other = published.visit("/other");
    (await script.wire("/other")).write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await other;
    expect(origin.text).not.toContain("e2e4");

    origin.write(`${SWITCH}e7e5`);
    expect(await wire.read("e7e5")).toMatch(/^HTTP\/1\.1 101 /);
    await origin.read("e2e4");
    wire.write(Buffer.from([0, 13, 10, 255]));
    await origin.read("\u0000\r\n\u00ff");
    origin.write("\u0001\u00fe\r\n\r\n");
    await wire.read("\u0001\u00fe\r\n\r\n");
  });

  test("after the switch each direction can end before the other", async () => {
    const wire = await published.ask(onTestFinished, "GET /halves", ...UPGRADE);
    const origin = await script.wire("GET /halves");
    origin.write(SWITCH);
    await wire.read(SWITCH.slice(0, 12));
    wire.write("last words");
    wire.finish();
    await origin.read("last words");
    expect(await origin.over()).toBe("end");
    origin.write("still talking");
    await wire.read("still talking");
    origin.finish();
    expect(await wire.over()).toBe("end");
  });

  test("an origin that refuses the upgrade responds as usual", async () => {
    const wire = await published.ask(onTestFinished, "GET /plain", ...UPGRADE);
    (await script.wire("GET /plain")).write("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
    expect(await wire.read("\r\n\r\nno")).toMatch(/^HTTP\/1\.1 426 /);
  });

  test("an origin's reset of the upgraded connection resets the visitor's", async () => {
    const wire = await published.ask(onTestFinished, "GET /torn", ...UPGRADE);
    const origin = await script.wire("GET /torn");
    origin.write(SWITCH);
    await wire.read("101");
    origin.reset();
    expect(await wire.over()).toBe("reset");
  });

  test("curl's offer of HTTP/2 is removed, and the request is answered by HTTP/1.1", async (context) => {
    needs(context, "curl");
    const curl = new Program(onTestFinished, "curl", {
      args: ["-sS", "--http2", "-w", "%{http_version} %{http_code}", published.url("/h2c")],
    });
    const origin = await script.wire("GET /h2c");
    origin.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok ");
    await curl.ends(0);
    expect(curl.stdout).toBe("ok 1.1 200");
    expect(origin.text).not.toMatch(/^(?:upgrade|http2-settings|connection):/im);
  });
});
