import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { CertificateAuthority, CertificateFiles, Defer } from "@postern/testkit";
import type { TargetOptions } from "./address-gateway.js";

export const text = (file: string): string => readFileSync(file, "utf8");

/** Listens on a free port of `host`, and closes all connections at the end. */
export async function listening(server: Server, host = "127.0.0.1", defer: Defer = onTestFinished): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, host);
  await once(server, "listening");
  defer(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A service with TLS that responds with the client's common name, and counts its connections and full handshakes. */
export async function secureOrigin(
  files: CertificateFiles,
  clientCa?: string,
): Promise<{ port: number; counts: { connections: number; handshakes: number } }> {
  const counts = { connections: 0, handshakes: 0 };
  const server = createHttpsServer(
    {
      cert: text(files.certificate),
      key: text(files.key),
      ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    },
    (incoming, outgoing) => {
      const { subject } = (incoming.socket as TLSSocket).getPeerCertificate();
      outgoing.end(`${String(subject?.CN)} ${String(incoming.headers.host)}`);
    },
  );
  server.on("secureConnection", (socket: TLSSocket) => {
    counts.connections++;
    if (!socket.isSessionReused()) counts.handshakes++;
  });
  return { port: await listening(server), counts };
}

/** A target with TLS below a name, which is resolved to loopback. */
export function secure(port: number, ca: string, more: Partial<TargetOptions> = {}): TargetOptions {
  return {
    address: { host: "origin.example", port, tls: true },
    lookup: async () => ["127.0.0.1"],
    ...more,
    trust: { ca, ...more.trust },
  };
}

/** A service with TLS that responds with the name in the handshake and the client's common name. Returns its port. */
export function tlsOrigin(ca: CertificateAuthority, defer: Defer): Promise<number> {
  const { certificate, key } = ca.issue({ names: ["origin.example"] });
  const server = createHttpsServer(
    {
      cert: text(certificate),
      key: text(key),
      ca: text(ca.certificate),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (incoming, outgoing) => {
      const socket = incoming.socket as TLSSocket & { servername: string | false };
      const peer = socket.getPeerCertificate() as Partial<PeerCertificate>;
      outgoing.end(`${socket.servername} ${String(peer.subject?.CN)}`);
    },
  );
  return listening(server, "127.0.0.1", defer);
}
