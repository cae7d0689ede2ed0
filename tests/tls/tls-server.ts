import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import {
  claimPort,
  postern,
  scratchFolder,
  TEST_KEY,
  type CertificateFiles,
  type Defer,
  type Program,
} from "@postern/testkit";

export interface TlsServerOptions {
  certificate: CertificateFiles;
  /** Lines of `[tunnel.server]`. */
  more?: string;
  /** Lines of `[tunnel.server.auth]` and its subtables. Default: TEST_KEY is accepted. */
  auth?: string;
  /** Lines of `[tunnel.server.ssl]` and its subtables. */
  ssl?: string;
  env?: Record<string, string>;
  args?: string[];
}

/**
 * A running `postern server` of tunnel.test with a TLS port and a plain port. Tests replace the certificate in its
 * folder.
 */
export class TlsServer {
  server: Program;
  readonly port: number;
  readonly plain: number;
  readonly folder: string;

  readonly #start: () => Program;

  private constructor(start: () => Program, port: number, plain: number, folder: string) {
    this.#start = start;
    this.server = start();
    this.port = port;
    this.plain = plain;
    this.folder = folder;
  }

  /** Starts it and waits until it listens. */
  static async start(defer: Defer, options: TlsServerOptions): Promise<TlsServer> {
    const tlsServer = await TlsServer.launch(defer, options);
    await tlsServer.#listens();
    return tlsServer;
  }

  /** Waits for its end, then starts it again on the same ports. */
  async restart(): Promise<void> {
    await this.server.exited;
    this.server = this.#start();
    await this.#listens();
  }

  async #listens(): Promise<void> {
    await this.server.waitFor("it to listen", () => this.server.stdout.includes('"listening"'));
  }

  /** Starts it without waiting. */
  static async launch(defer: Defer, options: TlsServerOptions): Promise<TlsServer> {
    const { certificate, more = "", auth = `api_keys = ["tests ${TEST_KEY}"]`, ssl = "", env = {} } = options;
    const folder = scratchFolder(defer);
    const [plain, port] = [await claimPort(), await claimPort()];
    install(folder, "server", certificate);
    const file = join(folder, "postern.toml");
    writeFileSync(
      file,
      `[tunnel.server]
listen = "127.0.0.1:${plain}"
public_https_port = ${port}
base_domain = "tunnel.test"
${more}
${auth.startsWith("[") ? auth : `[tunnel.server.auth]\n${auth}`}
[tunnel.server.ssl]
enabled = true
cert_file = "server.pem"
key_file = "server.key"
${ssl}`,
      { mode: 0o600 },
    );
    const args = ["server", "--config", file, "--json", "--log-format", "json", ...(options.args ?? [])];
    return new TlsServer(() => postern(defer, args, { env }), port, plain, folder);
  }

  /** The address for clients that configure its name separately. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }
}

/** Copies a certificate and its key into a folder, as `name`.pem and `name`.key. */
export function install(folder: string, name: string, { certificate, key }: CertificateFiles): void {
  copyFileSync(certificate, join(folder, `${name}.pem`));
  copyFileSync(key, join(folder, `${name}.key`));
  chmodSync(join(folder, `${name}.key`), 0o600);
}

/** Starts `postern http` for one attempt, with these lines in `[tunnel.ssl]`. */
export function publish({ url }: { url: string }, target: number, subdomain: string, ssl: string): Program {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, `[tunnel.ssl]\n${ssl}\n`, { mode: 0o600 });
  const args = ["http", String(target), "--server", url, "--subdomain", subdomain, "--config", file, "--json"];
  return postern(onTestFinished, [...args, "--no-reconnect"], { env: { POSTERN_API_KEY: TEST_KEY } });
}

/** True when it has a tunnel. */
export const isOpen = (client: Program): boolean => client.stdout.includes('"tunnel_established"');

/** The socket of a handshake with this machine, or the error. */
export function shake(port: number, options: ConnectionOptions): Promise<TLSSocket | Error> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, ...options });
    onTestFinished(() => void socket.destroy());
    socket.once("secureConnect", () => resolve(socket)).once("error", resolve);
  });
}

export interface Answer {
  status: number;
  body: string;
  location: string | undefined;
}

/** Sends one HTTPS request to this machine, with any Host. */
export function visit(
  port: number,
  { ca, host, servername = host, path = "/" }: { ca: string; host: string; servername?: string; path?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const trust = { ca: readFileSync(ca), servername, agent: false };
    request({ host: "127.0.0.1", port, path, headers: { host }, ...trust }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location }),
      );
    })
      .on("error", reject)
      .end();
  });
}
