import { once } from "node:events";
import { readFileSync } from "node:fs";
import { isIP, type AddressInfo, type Server } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, type CertificateFiles, type IssueOptions } from "@postern/testkit";
import { tlsOptions, type ClientTls } from "./client-tls.js";
import { isLoopbackName } from "../dial/host-addresses.js";
import { peerCertificate } from "./peer-certificate.js";

const cleanup = new Cleanup();
const authority = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

/** The client's part of a handshake, as a server sees it. */
interface Seen {
  /** SNI; false without it. */
  servername: string | false;
  alpn: string | false | null;
  client: string | undefined;
  /** Why the client's certificate is not trusted. */
  fault: string | undefined;
}

async function listen(server: Server, host: string): Promise<number> {
  onTestFinished(() => void server.close());
  await once(server.listen(0, host), "listening");
  return (server.address() as AddressInfo).port;
}

/** A server with a certificate for these names. */
async function start(
  names: string[],
  host = "127.0.0.1",
  algorithm: IssueOptions["algorithm"] = "ec",
): Promise<{ port: number; seen: Seen[] }> {
  const { certificate, key } = authority.issue({ names, algorithm });
  const seen: Seen[] = [];
  const [cert, ca] = [readFileSync(certificate), readFileSync(authority.certificate)];
  const server = createServer({
    cert,
    key: readFileSync(key),
    ca,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ["own", "http/1.1"],
  });
  server.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) => {
    const client = socket.getPeerX509Certificate()?.subject;
    seen.push({
      servername: socket.servername ?? false,
      alpn: socket.alpnProtocol,
      client,
      fault: peerCertificate(socket)?.fault,
    });
    socket.on("error", () => {}).end("hi");
  });
  server.on("tlsClientError", () => {});
  return { port: await listen(server, host), seen };
}

/** `hi`, or the code of the error. */
function outcome(host: string, port: number, trust: ClientTls): Promise<string> {
  const dialled = isLoopbackName(host) ? "127.0.0.1" : host;
  const socket = connect({ host: dialled, port, ...tlsOptions(host, trust) });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.on("data", (bytes: Buffer) => resolve(bytes.toString()));
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
  });
}

const known = (): ClientTls => ({ ca: readFileSync(authority.certificate, "utf8") });
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

describe("the certificate is verified for the server's name", () => {
  test.for([
    ["127.0.0.1", ["127.0.0.1"], "hi"],
    ["127.0.0.1", ["127.0.0.2"], WRONG_NAME],
    ["127.0.0.1", ["tunnel.test"], WRONG_NAME],
    // A DNS name that looks like an IP address does not match (RFC 9525, section 6.4).
    ["127.0.0.1", ["*.0.0.1"], WRONG_NAME],
    ["::1", ["::1"], "hi"],
    ["::1", ["127.0.0.1"], WRONG_NAME],
    ["localhost", ["localhost"], "hi"],
    ["web.localhost", ["*.localhost"], WRONG_NAME],
    ["web.localhost", ["web.localhost"], "hi"],
    ["localhost", ["127.0.0.1"], WRONG_NAME],
  ] as const)("%s with a certificate for %s: %s", async ([host, names, expected]) => {
    const { port, seen } = await start([...names], host === "::1" ? host : "127.0.0.1");
    expect(await outcome(host, port, known())).toBe(expected);
    // SNI is never an IP address (RFC 6066, section 3).
    for (const { servername } of seen) expect(servername).toBe(isIP(host) > 0 ? false : host);
  });

  test.for([
    ["tunnel.test", "hi"],
    ["Tunnel.Test", "hi"],
    ["a.tunnel.test", "hi"],
    ["a.b.tunnel.test", WRONG_NAME],
    ["other.test", WRONG_NAME],
    // An IP address as the server name: verified, and not sent as SNI.
    ["127.0.0.1", WRONG_NAME],
  ] as const)("a name of its own, %s: %s", async ([serverName, expected]) => {
    const { port, seen } = await start(["tunnel.test", "*.tunnel.test"]);
    expect(await outcome("127.0.0.1", port, { ...known(), serverName })).toBe(expected);
    for (const { servername } of seen) expect(servername).toBe(isIP(serverName) > 0 ? false : serverName);
  });

  test("the certificate is not verified with verify: false", async () => {
    const { port } = await start(["other.test"]);
    expect(await outcome("127.0.0.1", port, { verify: false })).toBe("hi");
    expect(await outcome("127.0.0.1", port, {})).not.toBe("hi");
  });
});

describe("a certificate with an RSA key whose signatures anyone can forge is not trusted, whoever has signed it", () => {
  test("of a server", async () => {
    const { port } = await start(["127.0.0.1"], "127.0.0.1", "weak-rsa");
    expect(await outcome("127.0.0.1", port, known())).toBe("CERT_WEAK_KEY");
  });

  test("of a client", async () => {
    const { port, seen } = await start(["127.0.0.1"]);
    for (const algorithm of ["rsa", "weak-rsa"] as const) {
      const own = authority.issue({ names: ["alice"], algorithm });
      const [cert, key] = [readFileSync(own.certificate, "utf8"), readFileSync(own.key, "utf8")];
      expect(await outcome("127.0.0.1", port, { ...known(), cert, key })).toBe("hi");
    }
    expect(seen.map(({ fault }) => fault)).toEqual([undefined, expect.stringMatching(/RSA exponent is 1/)]);
  });
});

test("ALPN offers http/1.1 or the configured protocols; a client certificate is sent", async () => {
  const { port, seen } = await start(["127.0.0.1"]);
  const own: CertificateFiles = authority.issue({ names: ["alice"] });
  const [cert, key] = [readFileSync(own.certificate, "utf8"), readFileSync(own.key, "utf8")];
  for (const more of [{}, { alpnProtocols: [] }, { alpnProtocols: ["own"], cert, key }])
    expect(await outcome("127.0.0.1", port, { ...known(), ...more })).toBe("hi");
  expect(seen.map(({ alpn, client }) => [alpn, client])).toEqual([
    ["http/1.1", undefined],
    ["http/1.1", undefined],
    ["own", "CN=alice"],
  ]);
});
