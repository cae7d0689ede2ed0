import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Process } from "../process.ts";
import type { Settings } from "../settings.ts";
import { freePort, type Stage } from "../stage.ts";
import type { Certificate } from "./certificate.ts";
import { listening } from "./listening.ts";
import type { Setup } from "./setup.ts";

export interface PosternServer {
  process: Process;
  /** Its address, `host:port`. */
  address: string;
  key: string;
  /** With it, the server uses TLS for visitors and clients. */
  certificate: Certificate | undefined;
  /** The port of its inspector, if enabled. */
  inspector: number | undefined;
}

export interface PosternClient {
  process: Process;
  /** The Host that visitors send. */
  host: string;
  inspector: number | undefined;
}

/** Postern: its server and its client. */
export interface PosternSetup extends Setup {
  server: PosternServer;
  client: PosternClient;
}

export interface ServerPlace {
  netns?: string;
  /** Default 127.0.0.1. */
  host?: string;
  inspect?: boolean;
  certificate?: Certificate | undefined;
}

export async function startServer(stage: Stage, settings: Settings, place: ServerPlace = {}): Promise<PosternServer> {
  const key = randomBytes(32).toString("hex");
  const keys = join(stage.folder("keys"), "api-keys");
  writeFileSync(keys, `bench ${key}\n`, { mode: 0o600 });
  const port = await freePort();
  const address = `${place.host ?? "127.0.0.1"}:${port}`;
  const inspector = place.inspect ? await freePort() : undefined;
  const { certificate } = place;
  const args = ["server", "--listen", address, "--domain", "localhost", "--api-keys-file", keys];
  if (certificate !== undefined) {
    const { certificate: cert_file, key: key_file } = certificate;
    args.push("--config", configuration(stage, { "tunnel.server.ssl": { enabled: true, cert_file, key_file } }));
  }
  const process = command(stage, settings, "postern-server", args, { inspector, netns: place.netns });
  await listening(process, port);
  return { process, address, key, certificate, inspector };
}

export interface ClientPlace {
  netns?: string;
  inspect?: boolean;
  /** The address to dial instead of the server's, for instance that of a relay. */
  dial?: string;
}

/** Starts `postern http` and waits for its public URL. */
export async function startClient(
  stage: Stage,
  settings: Settings,
  server: PosternServer,
  local: string,
  place: ClientPlace = {},
): Promise<PosternClient> {
  const inspector = place.inspect ? await freePort() : undefined;
  const { certificate } = server;
  const url = `${certificate === undefined ? "http" : "https"}://${place.dial ?? server.address}`;
  const args = ["http", local, "--server", url, "--subdomain", "bench", "--json"];
  if (certificate !== undefined)
    args.push("--config", configuration(stage, { "tunnel.ssl": { ca_file: certificate.ca } }));
  const env = { POSTERN_API_KEY: server.key };
  const process = command(stage, settings, "postern-http", args, { inspector, netns: place.netns, env });
  const event = await process.line((line) => line.includes('"tunnel_established"'));
  const { data } = JSON.parse(event) as { data: { public_url: string } };
  return { process, host: new URL(data.public_url).host, inspector };
}

export async function startPostern(
  stage: Stage,
  settings: Settings,
  local: string,
  places: { server?: ServerPlace; client?: ClientPlace } = {},
): Promise<PosternSetup> {
  const server = await startServer(stage, settings, { inspect: settings.profile, ...places.server });
  const client = await startClient(stage, settings, server, local, { inspect: settings.profile, ...places.client });
  const processes = [server.process, client.process];
  const secure = server.certificate !== undefined;
  return { name: "Postern", address: server.address, host: client.host, secure, processes, server, client };
}

/** A configuration file with these tables. */
function configuration(stage: Stage, tables: Record<string, Record<string, string | boolean>>): string {
  const file = join(stage.folder("configuration"), "postern.toml");
  const text = Object.entries(tables).map(([table, options]) =>
    [`[${table}]`, ...Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)].join("\n"),
  );
  writeFileSync(file, `${text.join("\n")}\n`, { mode: 0o600 });
  return file;
}

function command(
  stage: Stage,
  settings: Settings,
  name: string,
  args: string[],
  options: { inspector: number | undefined; netns?: string | undefined; env?: Record<string, string> },
): Process {
  const flags = options.inspector === undefined ? [] : [`--inspect=127.0.0.1:${options.inspector}`];
  return stage.start(name, process.execPath, [...flags, settings.postern, ...args], {
    netns: options.netns,
    ...(options.env && { env: options.env }),
  });
}
