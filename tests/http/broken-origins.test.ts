import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { AddressGateway } from "../gateway/address-gateway.js";
import {
  claimPort,
  Cleanup,
  Program,
  Published,
  ScriptedOrigin,
  ServerProcess,
  startEchoOrigin,
  until,
  type Wire,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
let script: ScriptedOrigin;
let scripted: Published;
let gateway: AddressGateway;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  script = await ScriptedOrigin.start(cleanup.defer);
  scripted = await Published.start(cleanup.defer, script.port, { server, subdomain: "script" });
  gateway = await AddressGateway.start(cleanup.defer, [script.port]);
});
afterAll(() => cleanup.run());

const CHUNKED = "Transfer-Encoding: chunked\r\n";

/** A service with a full backlog, which accepts connections 600 ms after a signal. Until then the kernel drops them. */
const BUSY_SERVICE = `
import signal, socket, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
address = ("127.0.0.1", int(sys.argv[1]))
service = socket.socket()
service.bind(address)
service.listen(0)
waiting = [socket.socket() for _ in range(3)]
for each in waiting:
    each.setblocking(False)
    each.connect_ex(address)
print("full", flush=True)
signal.sigwait([signal.SIGUSR1])
time.sleep(0.6)
for each in waiting:
    each.close()
while True:
    connection, _ = service.accept()
    if connection.recv(10000):
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
`;

/** The ways to an origin, as a visitor sees them, and the code of a connection that broke. */
const FRONTS: [string, () => Published | AddressGateway, string][] = [
  ["a tunnel", () => scripted, "PN_ORIGIN_BROKEN"],
  ["an address", () => gateway, "PN_TARGET_BROKEN"],
];

describe.each(FRONTS)("behind %s,", (_, front, broken) => {
  describe("a response that is cut off never looks complete", () => {
    const endings: [string, (wire: Wire) => void][] = [
      ["resets the connection", (wire) => wire.reset()],
      ["closes it normally", (wire) => wire.finish()],
    ];

    test.for(endings)("with a length, when the origin %s: the body stays short", async ([, leave]) => {
      const wire = await front().ask(onTestFinished, "GET /short");
      const origin = await script.wire("GET /short");
      origin.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
      await wire.read("only this");
      leave(origin);
      await wire.over();
      expect(wire.text).toMatch(/content-length: 100\r\n/i);
      expect(wire.text).toMatch(/\r\n\r\nonly this$/);
      origin.socket.destroy();
      script.wires.length = 0;
    });

    test.for(endings)("in chunks, when the origin %s: there is no last chunk", async ([, leave]) => {
      const wire = await front().ask(onTestFinished, "GET /chunks");
      const origin = await script.wire("GET /chunks");
      origin.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n");
      await wire.read("only this");
      leave(origin);
      await wire.over();
      expect(wire.text).toMatch(/only this\r\n$/);
      origin.socket.destroy();
      script.wires.length = 0;
    });

    test("until close, when the origin resets the connection: the visitor sees a reset or no last chunk", async () => {
      const wire = await front().ask(onTestFinished, "GET /until-close");
      const origin = await script.wire("GET /until-close");
      origin.write("HTTP/1.1 200 OK\r\n\r\nonly this");
      await wire.read("only this");
      origin.reset();
      const end = await wire.over();
      if (/transfer-encoding: chunked/i.test(wire.text)) expect(wire.text).not.toMatch(/0\r\n\r\n$/);
      else expect(end).toBe("reset");
    });

    test("until close, for an HTTP/1.0 visitor: its connection is reset, because an orderly close would look like the end of the body", async () => {
      const wire = await front().wire(onTestFinished);
      wire.write(`GET /old HTTP/1.0\r\nHost: ${front().host}\r\n\r\n`);
      const origin = await script.wire("GET /old");
      origin.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n");
      await wire.read("only this");
      origin.reset();
      expect(await wire.over()).toBe("reset");
    });
  });

  describe("the visitor gets", () => {
    test("502 when the origin closes the connection without a response", async () => {
      const response = front().visit("/hang-up", { method: "POST", body: "x" });
      (await script.wire("/hang-up")).finish();
      const { status, headers } = await response;
      expect([status, headers["postern-error"]]).toEqual([502, broken]);
    });

    test.for([
      ["bytes that are not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
      ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"],
      ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
      ["a bare carriage return", "HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 1\r\n\r\nx"],
      ["a valid head and a body that is not", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokzz\r\n"],
      ["an endless head", `HTTP/1.1 200 OK\r\nX-Long: ${"x".repeat(40_000)}`],
      [
        "101 without a requested upgrade",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      ],
    ])("502 when the origin sends %s", async ([what, bytes]) => {
      const path = `/hostile/${encodeURIComponent(what ?? "")}`;
      const response = front().visit(path, { method: "POST", body: "x" });
      (await script.wire(path)).write(bytes ?? "");
      const { status, headers } = await response;
      expect([status, headers["postern-error"]]).toEqual([502, "PN_ORIGIN_INVALID"]);
    });

    test.for([
      ["bare line feeds", "HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nok"],
      ["a space before the colon", "HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length : 2\r\n\r\nok"],
      ["a folded field", "HTTP/1.1 200 OK\r\nX-A:\r\n b\r\nContent-Length: 2\r\n\r\nok"],
      [
        "a length beside padded chunks",
        `HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 9\r\n${CHUNKED}\r\n2  \r\nok\r\n0\r\n\r\n`,
      ],
    ])("200 when the origin sends %s, and the next request gets a new connection", async ([what, bytes]) => {
      const path = `/flawed/${encodeURIComponent(what ?? "")}`;
      const response = front().visit(path);
      const origin = await script.wire(path);
      origin.write(bytes ?? "");
      const { status, headers, body } = await response;
      expect([status, headers["x-a"], body.toString()]).toEqual([200, "b", "ok"]);
      expect(await origin.over()).toBe("end");
    });

    test("bytes that an origin sends without a request do not reach the next visitor", async () => {
      const first = front().visit("/first");
      const origin = await script.wire("/first");
      origin.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale");
      expect((await first).body.toString()).toBe("ok");
      const second = front().visit("/second");
      (await script.wire("/second")).write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh");
      expect((await second).body.toString()).toBe("fresh");
    });
  });
});

describe("how a request ended is in the server's log, the client's line, the event and the metrics", () => {
  const endings: [string, number, string, string | undefined, (origin: Wire) => void][] = [
    ["whole", 200, "complete", undefined, (origin) => origin.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")],
    [
      "cut-off",
      200,
      "origin_reset",
      "PN_ORIGIN_BROKEN",
      (origin) => {
        origin.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        origin.finish();
      },
    ],
    ["silent", 502, "origin_reset", "PN_ORIGIN_BROKEN", (origin) => origin.reset()],
    [
      "no-http",
      502,
      "origin_invalid",
      "PN_ORIGIN_INVALID",
      (origin) => origin.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    ],
  ];

  test.for(endings)("%s: %d %s", async ([path, status, ended, code, respond]) => {
    const wire = await scripted.ask(onTestFinished, `POST /${path}`, "Content-Length: 0", "Connection: close");
    const origin = await script.wire(`POST /${path}`);
    respond(origin);
    const event = await until("its event", () =>
      scripted.client.events.find(({ type, data }) => type === "http_request" && data["path"] === `/${path}`),
    );
    expect(event.data).toMatchObject({ status, ended, ...(code !== undefined && { code }) });
    if (ended === "origin_invalid") expect(event.data["flaw"]).toBe("PN_HTTP_CONTENT_LENGTH");
    for (const program of [server.program, scripted.client.program]) {
      const line = await until("its line", () =>
        program.output.split("\n").find((text) => !text.startsWith("{") && text.includes(`/${path} `)),
      );
      expect(line).toContain(String(status));
      if (code === undefined) expect(line).not.toMatch(/complete|PN_/);
      else expect(line).toMatch(new RegExp(`${ended}.*${code}`));
    }
    await wire.over();
    origin.socket.destroy();
    script.wires.length = 0;
  });
});

describe("the visitor's response", () => {
  test("502 while nothing listens, and 200 as soon as the service listens", async () => {
    const port = await claimPort();
    const published = await Published.start(onTestFinished, port, { server });
    const refused = await published.visit("/");
    expect([refused.status, refused.headers["postern-error"]]).toEqual([502, "PN_ORIGIN_REFUSED"]);

    const echo = await startEchoOrigin(onTestFinished);
    const found = await Published.start(onTestFinished, echo.port, { server });
    expect((await found.visit("/")).status).toBe(200);
    await echo.close();
    expect((await found.visit("/")).status).toBe(502);
    await new Promise<void>((resolve) => echo.server.listen(echo.port, "127.0.0.1", resolve));
    expect((await found.visit("/")).status).toBe(200);
  });

  const busyFronts: [string, (port: number) => Promise<Published | AddressGateway>][] = [
    ["a tunnel", (port) => Published.start(onTestFinished, port, { server })],
    [
      "an address",
      (port) => AddressGateway.start(onTestFinished, [{ address: { host: "localhost", port, tls: false } }]),
    ],
  ];
  test.for(busyFronts)(
    "behind %s: no error while the origin is briefly too busy to accept connections, although localhost has two addresses",
    async ([, start]) => {
      const port = await claimPort();
      const busy = new Program(onTestFinished, "python3", { args: ["-c", BUSY_SERVICE, String(port)] });
      await busy.waitFor("its backlog to fill", () => busy.stdout.includes("full"));
      const found = await start(port);
      const response = found.visit("/");
      busy.signal("SIGUSR1");
      expect((await response).status).toBe(200);
    },
  );

  test("each kind of repair is named once in the log of the server and of the client, and in every event", async () => {
    for (const path of ["/flawed-1", "/flawed-2"]) {
      const response = scripted.visit(path);
      (await script.wire(path)).write("HTTP/1.1 200 OK\r\nX-A:\tb\x01\r\nContent-Length: 2\r\n\r\nok");
      expect((await response).status).toBe(200);
      const event = await until("its event", () =>
        scripted.client.events.find(({ type, data }) => type === "http_request" && data["path"] === path),
      );
      expect(event.data).toMatchObject({ status: 200, ended: "complete", repairs: ["control_byte"] });
    }
    const named = ({ output }: Program, text: RegExp): number =>
      output.split("\n").filter((line) => text.test(line)).length;
    expect(named(server.program, / response repaired .*repair=control_byte/)).toBe(1);
    expect(named(scripted.client.program, /The server repairs them \(control_byte\)/)).toBe(1);
  });
});
