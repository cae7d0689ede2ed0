import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { dialFault } from "./dial-fault.js";

test("TLS to a port that speaks plain HTTP is explained without OpenSSL's text", async () => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
  expect(dialFault(error)).toMatch(
    /^ERR_SSL_WRONG_VERSION_NUMBER, this port does not use TLS: use an http:\/\/ address/,
  );
});
