import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { Cleanup, makeCertificate, type Defer } from "@postern/testkit";
import { afterAll, onTestFinished } from "vitest";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let pem: { cert: Buffer; key: Buffer } | undefined;

function certificate(): { cert: Buffer; key: Buffer } {
  if (pem !== undefined) return pem;
  const { certificate, key } = makeCertificate(cleanup.defer);
  return (pem = { cert: readFileSync(certificate), key: readFileSync(key) });
}

/** An accepted socket, and the socket at its other end. */
export interface Pair {
  near: Socket;
  far: Socket;
}

const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: 4 * 1024 };

export async function tcpPair(defer: Defer = onTestFinished): Promise<Pair> {
  const server = createServer(SOCKET_OPTIONS).listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", noDelay: true });
  const [near] = (await once(server, "connection")) as [Socket];
  defer(async () => {
    near.destroy();
    far.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  for (const socket of [near, far]) socket.on("error", () => {});
  return { near, far };
}

export async function secured({ near, far }: Pair): Promise<Pair> {
  const server = new TLSSocket(near, { isServer: true, ...certificate() });
  const client = connectTls({ socket: far, rejectUnauthorized: false });
  await once(client, "secureConnect");
  for (const socket of [server, client]) socket.on("error", () => {});
  return { near: server, far: client };
}

export const PAIRS: [string, (defer?: Defer) => Promise<Pair>][] = [
  ["TCP", tcpPair],
  ["TLS", async (defer) => secured(await tcpPair(defer))],
  ["TLS within TLS", async (defer) => secured(await secured(await tcpPair(defer)))],
];

/** Resolves after everything that has been sent on loopback by now could be read. */
export async function afterArrival(): Promise<void> {
  const { near, far } = await tcpPair();
  far.write("x");
  await once(near, "data");
  await new Promise((resolve) => setImmediate(resolve));
}
