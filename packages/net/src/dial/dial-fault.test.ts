import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { dialFault, isNotTls } from "./dial-fault.js";

/** The error of a TLS handshake with a port that sends these bytes. */
async function handshakeError(bytes: Buffer): Promise<NodeJS.ErrnoException> {
  const server = createServer((socket) => void socket.on("error", () => {}).end(bytes)).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  const [error] = (await once(socket, "error").catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
  return error;
}

test.for([
  "HTTP/1.1 400 Bad Request\r\n\r\n",
  "SSH-2.0-OpenSSH_9.2\r\n",
  "220 mail.example ESMTP\r\n",
  "\0\0\x12\x04\0\0\0",
])("TLS to a port that sends %j is explained without OpenSSL's text", async (bytes) => {
  const error = await handshakeError(Buffer.from(bytes, "latin1"));
  expect(isNotTls(error)).toBe(true);
  expect(dialFault(error)).toMatch(/^this port does not use TLS: use an http:\/\/ address/);
});

test.for([
  [40, /^TLS failed: the other side sent the alert "handshake failure"$/],
  [70, /^TLS failed: the other side sent the alert "protocol version"$/],
] as const)("the alert %i is named", async ([alert, text]) => {
  const error = await handshakeError(Buffer.of(21, 3, 3, 0, 2, 2, alert));
  expect([isNotTls(error), dialFault(error)]).toEqual([false, expect.stringMatching(text)]);
});

test("other text of OpenSSL is reduced to its reason", () => {
  const message = "write EPROTO 40AD41:error:0A000119:SSL routines:tls_get_more_records:bad record mac:../x.c:873:";
  expect(dialFault(Object.assign(new Error(message), { code: "EPROTO" }))).toBe("TLS failed: bad record mac");
});
