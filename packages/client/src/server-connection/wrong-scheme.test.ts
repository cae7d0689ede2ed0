import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { TunnelError } from "@postern/protocol";
import { makeCertificate, needs, type SkippableTest } from "@postern/testkit";
import { checkServer } from "./server-check.js";
import { parseServerAddress } from "./server-address.js";
import { WebSocketConnection } from "./websocket-connection.js";

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The error of a login at this address, and that of a check of it. */
async function faultsOf(server: string): Promise<{ code: string; message: string }[]> {
  const login = new Promise<TunnelError>((resolve, reject) => {
    const connection = new WebSocketConnection(
      { address: parseServerAddress(server), headers: {}, tls: {} },
      { onOpen: () => reject(new Error("the server accepted the login")), onFailure: resolve },
    );
    onTestFinished(() => connection.end());
  });
  const check = checkServer({ server }).then(
    () => Promise.reject(new Error("the check found no fault")),
    (error: TunnelError) => error,
  );
  return Promise.all([login, check]);
}

const advises = (text: string): object => ({
  code: "PN_SERVER_SCHEME",
  message: expect.stringMatching(new RegExp(`\\(.*${text.replaceAll(/[.[\]]/g, "\\$&")} as the server's address\\)$`)),
});

test("https:// and no scheme to a server without TLS: http:// is advised", async () => {
  const host = await listen(createHttpServer((_, response) => void response.writeHead(400).end()));
  for (const server of [`https://${host}`, `wss://${host}`, host])
    expect(await faultsOf(server)).toMatchObject([advises(`use http://${host}`), advises(`use http://${host}`)]);
});

test("http:// to a server with TLS that closes the connection: https:// is advised", async (context: SkippableTest) => {
  needs(context, "openssl");
  const files = makeCertificate(onTestFinished);
  const tls = createHttpsServer({ cert: readFileSync(files.certificate), key: readFileSync(files.key) });
  const host = await listen(tls);
  for (const server of [`http://${host}`, `ws://${host}`])
    expect(await faultsOf(server)).toMatchObject([advises(`use https://${host}`), advises(`use https://${host}`)]);
});

test.for([
  ["Postern", "HTTP/1.1 400 Bad Request\r\nPostern-Error: PN_HTTP_PLAIN\r\nContent-Length: 0\r\n\r\n"],
  ["a server that redirects", "HTTP/1.1 308 Moved\r\nLocation: https://{host}/health\r\nContent-Length: 0\r\n\r\n"],
] as const)("http:// to %s: https:// is advised", async ([, response]) => {
  let host = "";
  const server = createServer((socket) => {
    socket.on("error", () => {}).on("data", () => socket.end(response.replace("{host}", host)));
  });
  host = await listen(server);
  expect(await faultsOf(`http://${host}`)).toMatchObject([
    advises(`use https://${host}`),
    advises(`use https://${host}`),
  ]);
});

test("a redirect to another host is not the response of a Postern server", async () => {
  const moved = "HTTP/1.1 302 Found\r\nLocation: https://portal.example/login\r\nContent-Length: 0\r\n\r\n";
  const server = createServer((socket) => void socket.on("error", () => {}).on("data", () => socket.end(moved)));
  const address = parseServerAddress(`http://${await listen(server)}`);
  const error = await new Promise<TunnelError>((resolve, reject) => {
    const events = { onOpen: () => reject(new Error("the server accepted the login")), onFailure: resolve };
    const connection = new WebSocketConnection({ address, headers: {}, tls: {} }, events);
    onTestFinished(() => connection.end());
  });
  expect(error).toMatchObject({ code: "PN_SERVER_REFUSED", message: expect.stringContaining("HTTP 302") });
});

test("a server that closes every connection, with and without TLS, is only unreachable", async () => {
  const silent = await listen(createServer((socket) => void socket.destroy()));
  expect(await faultsOf(`http://${silent}`)).toMatchObject([
    { code: "PN_SERVER_UNREACHABLE" },
    { code: "PN_SERVER_UNREACHABLE" },
  ]);
});
