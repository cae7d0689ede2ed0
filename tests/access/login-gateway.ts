import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimPort, makeCertificate, Origin, postern, scratchFolder, type Defer, type Program } from "@postern/testkit";
import { CLIENT_ID, CLIENT_SECRET, OpenIdService } from "./open-id-service.ts";

export interface LoginGatewayOptions {
  /** The routes, after `[server]`. `TARGET` stands for the URL of the origin. */
  routes: string;
  /** The host of the callback of all routes. Default: each host has its own. */
  callbackHost?: string;
}

/** A gateway with HTTPS whose visitors log in at a provider, as a process. */
export class LoginGateway {
  readonly service: OpenIdService;
  readonly origin: Origin;
  readonly folder: string;
  readonly port: number;
  program: Program;
  readonly #defer: Defer;

  private constructor(defer: Defer, parts: Pick<LoginGateway, "service" | "origin" | "folder" | "port">) {
    this.#defer = defer;
    this.service = parts.service;
    this.origin = parts.origin;
    this.folder = parts.folder;
    this.port = parts.port;
    this.program = this.#run();
  }

  static async start(defer: Defer, { routes, callbackHost }: LoginGatewayOptions): Promise<LoginGateway> {
    const service = await OpenIdService.start(defer);
    const origin = await Origin.start(defer, (incoming, outgoing) => {
      outgoing.writeHead(200, { "content-type": "text/html" }).end(`<title>origin</title>${incoming.url}`);
    });
    const port = await claimPort();
    const folder = scratchFolder(defer);
    const { certificate, key } = makeCertificate(defer);
    const hosts = callbackHost === undefined ? ["localhost", "web.localhost"] : [callbackHost];
    service.serve(hosts.map((host) => `https://${host}:${port}/.postern/oidc/callback`));
    const callback =
      callbackHost === undefined ? "" : `callback_url = "https://${callbackHost}:${port}/.postern/oidc/callback"\n`;
    writeFileSync(join(folder, "secret"), `${CLIENT_SECRET}\n`, { mode: 0o600 });
    writeFileSync(
      join(folder, "postern.toml"),
      `[server]\nlisten = "127.0.0.1:0"\nstate_dir = "state"\n[server.ssl]\nenabled = true\nhttps_port = ${port}\ncert_file = "${certificate}"\nkey_file = "${key}"\n` +
        `[server.oidc]\nissuer = "${service.issuer}"\nclient_id = "${CLIENT_ID}"\nclient_secret_file = "secret"\n${callback}` +
        routes.replaceAll("TARGET", `http://127.0.0.1:${origin.port}`),
      { mode: 0o600 },
    );
    const gateway = new LoginGateway(defer, { service, origin, folder, port });
    await gateway.ready();
    return gateway;
  }

  async ready(): Promise<void> {
    const { program } = this;
    await program.waitFor("the HTTPS address", () => program.output.includes(`:${this.port}`) || undefined);
  }

  /** Stops the gateway and starts it again, with the same folder of state. */
  async restart(): Promise<void> {
    this.program.signal("SIGTERM");
    await this.program.exited;
    this.program = this.#run();
    await this.ready();
  }

  url(path: string, host = "web.localhost"): string {
    return `https://${host}:${this.port}${path}`;
  }

  /** The paths of the requests that the origin has received. */
  get reached(): string[] {
    return this.origin.requests.map(({ url }) => url);
  }

  #run(): Program {
    return postern(this.#defer, ["serve", "--config", "postern.toml"], { cwd: this.folder });
  }
}
