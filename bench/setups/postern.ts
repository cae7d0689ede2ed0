import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COUNT_COLLECTIONS } from "../measure/collector.ts";
import type { Process } from "../process.ts";
import type { Settings } from "../settings.ts";
import { freePort, type Stage } from "../stage.ts";
import type { Certificate } from "./certificate.ts";
import { listening } from "./listening.ts";
import type { Setup } from "./setup.ts";

/** A process of the product. */
export interface PosternProcess {
  process: Process;
  /** The port of its inspector, if enabled. */
  inspector: number | undefined;
  /** The file that has a byte for each of its mark-compacts, if they are counted. */
  collections: string | undefined;
}

export interface PosternServer extends PosternProcess {
  /** Its address, `host:port`. */
  address: string;
  key: string;
  /** The key of another owner. */
  otherKey: string;
  /** With it, the server uses TLS for visitors and clients. */
  certificate: Certificate | undefined;
}

export interface PosternClient extends PosternProcess {
  /** The Host that visitors send. */
  host: string;
}

/** Postern: its server and its client. */
export interface PosternSetup extends Setup {
  server: PosternServer;
  client: PosternClient;
}

/** How a process is run. */
export interface ProcessPlace {
  netns?: string;
  inspect?: boolean;
  countCollections?: boolean;
  /** The Node binary to run. */
  node?: string;
}

export interface ServerPlace extends ProcessPlace {
  /** Default 127.0.0.1. */
  host?: string;
  certificate?: Certificate | undefined;
  /** More tables of its configuration file. */
  tables?: Tables;
}

/** The tables of a configuration file. */
type Tables = Record<string, Record<string, string | boolean | number>>;

export async function startServer(stage: Stage, settings: Settings, place: ServerPlace = {}): Promise<PosternServer> {
  const [key, otherKey] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
  const keys = join(stage.folder("keys"), "api-keys");
  writeFileSync(keys, `bench ${key}\nother ${otherKey}\n`, { mode: 0o600 });
  const port = await freePort();
  const address = `${place.host ?? "127.0.0.1"}:${port}`;
  const { certificate } = place;
  const args = ["server", "--listen", address, "--domain", "localhost", "--api-keys-file", keys];
  const tables: Tables = { ...place.tables };
  if (certificate !== undefined)
    tables["tunnel.server.ssl"] = { enabled: true, cert_file: certificate.certificate, key_file: certificate.key };
  if (Object.keys(tables).length > 0) args.push("--config", configuration(stage, tables));
  const server = await startProcess(stage, settings, "postern-server", args, place);
  await listening(server.process, port);
  return { ...server, address, key, otherKey, certificate };
}

export interface ClientPlace extends ProcessPlace {
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
  const { certificate } = server;
  const url = `${certificate === undefined ? "http" : "https"}://${place.dial ?? server.address}`;
  const args = ["http", local, "--server", url, "--subdomain", "bench", "--json"];
  if (certificate !== undefined)
    args.push("--config", configuration(stage, { "tunnel.ssl": { ca_file: certificate.ca } }));
  const env = { POSTERN_API_KEY: server.key };
  const client = await startProcess(stage, settings, "postern-http", args, { ...place, env });
  const event = await client.process.line((line) => line.includes('"tunnel_established"'));
  const { data } = JSON.parse(event) as { data: { public_url: string } };
  return { ...client, host: new URL(data.public_url).host };
}

export async function startPostern(
  stage: Stage,
  settings: Settings,
  local: string,
  places: { server?: ServerPlace; client?: ClientPlace; countCollections?: boolean } = {},
): Promise<PosternSetup> {
  const both = { inspect: settings.profile, countCollections: places.countCollections ?? false };
  const server = await startServer(stage, settings, { ...both, ...places.server });
  const client = await startClient(stage, settings, server, local, { ...both, ...places.client });
  const processes = [server.process, client.process];
  const secure = server.certificate !== undefined;
  return { name: "Postern", address: server.address, host: client.host, secure, processes, server, client };
}

/** A configuration file with these tables. */
function configuration(stage: Stage, tables: Tables): string {
  const file = join(stage.folder("configuration"), "postern.toml");
  const text = Object.entries(tables).map(([table, options]) =>
    [`[${table}]`, ...Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)].join("\n"),
  );
  writeFileSync(file, `${text.join("\n")}\n`, { mode: 0o600 });
  return file;
}

/** An empty file, to which a process appends a byte for each mark-compact. */
function countFile(stage: Stage): string {
  const file = join(stage.folder("collections"), "mark-compacts");
  writeFileSync(file, "");
  return file;
}

/** Starts a command of the product. */
export async function startProcess(
  stage: Stage,
  settings: Settings,
  name: string,
  args: string[],
  place: ProcessPlace & { env?: Record<string, string> },
): Promise<PosternProcess> {
  const { netns, node = process.execPath } = place;
  const inspector = place.inspect ? await freePort() : undefined;
  const collections = place.countCollections ? countFile(stage) : undefined;
  const flags: string[] = [];
  const env = { ...place.env };
  if (inspector !== undefined) flags.push(`--inspect=127.0.0.1:${inspector}`);
  if (collections !== undefined) {
    flags.push("--import", COUNT_COLLECTIONS);
    env["BENCH_COLLECTIONS"] = collections;
  }
  const started = stage.start(name, node, [...flags, settings.postern, ...args], { netns, env });
  return { process: started, inspector, collections };
}
