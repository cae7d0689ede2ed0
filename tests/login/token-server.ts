import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import {
  claimPort,
  ClientProcess,
  exchange,
  postern,
  scratchFolder,
  TOKEN_SECRET,
  TokenIssuer,
  type Defer,
  type Program,
} from "@postern/testkit";

/** A local port without a listener. */
export const TARGET = 9;

/** A running `postern server` that accepts tokens according to `jwt` and has no API keys. */
export class TokenServer {
  readonly program: Program;
  readonly port: number;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  static async start(defer: Defer, jwt: string, env: Record<string, string> = {}): Promise<TokenServer> {
    const port = await claimPort();
    const file = join(scratchFolder(defer), "postern.toml");
    writeFileSync(file, `[tunnel.server.auth.jwt]\nenabled = true\n${jwt}\n`, { mode: 0o600 });
    const args = ["server", "--listen", `127.0.0.1:${port}`, "--config", file, "--log-level", "debug"];
    const server = new TokenServer(postern(defer, args, { env }), port);
    await server.program.waitFor("health", () => server.healthy());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async healthy(): Promise<boolean> {
    return (await exchange(this.port, { host: "localhost", path: "/health" })).status === 200;
  }
}

export interface LaunchOptions {
  token?: string;
  subdomain?: string;
  target?: number;
  /** `[tunnel.auth]` and its subtables. */
  auth?: string;
  env?: Record<string, string>;
  args?: string[];
}

/** Starts `postern http` with a token and an otherwise empty environment. */
export function launch(
  server: { url: string },
  { token, subdomain, target = TARGET, auth = "", env = {}, args = [] }: LaunchOptions,
): ClientProcess {
  const folder = scratchFolder(onTestFinished);
  const file = join(folder, "postern.toml");
  writeFileSync(file, auth, { mode: 0o600 });
  return ClientProcess.launch(onTestFinished, {
    server,
    target,
    ...(subdomain === undefined ? {} : { subdomain }),
    args: ["--config", file, "--log-level", "debug", ...args],
    env: {
      POSTERN_API_KEY: "",
      XDG_STATE_HOME: folder,
      ...(token === undefined ? {} : { POSTERN_TOKEN: token }),
      ...env,
    },
  });
}

export async function expectAccepted(client: ClientProcess): Promise<string> {
  await client.event("tunnel_established");
  return client.url.hostname.split(".")[0]!;
}

export async function expectRefused(client: ClientProcess, code = "PN_AUTH_REFUSED"): Promise<void> {
  await client.program.ends(3);
  expect(client.events.map(({ type }) => type)).toContain("authentication_failure");
  expect(client.count("tunnel_established")).toBe(0);
  expect(client.program.stderr).toContain(code);
}

export async function freshIssuer(lifetime = 600): Promise<TokenIssuer> {
  return Object.assign(await TokenIssuer.start(onTestFinished), { lifetime });
}

/** `[tunnel.auth]` of a client that refreshes its tokens at this issuer. */
export const refreshing = (from: TokenIssuer, refreshToken = from.refreshToken): string =>
  `[tunnel.auth]\nmethod = "token"\n[tunnel.auth.token_refresh]\nrefresh_url = "${from.url}/token"\nrefresh_token = "${refreshToken}"\n`;

/** Starts an issuer and a server that accepts its HS256 tokens. */
export async function startTokens(defer: Defer): Promise<{ issuer: TokenIssuer; server: TokenServer }> {
  const issuer = Object.assign(await TokenIssuer.start(defer), { lifetime: 600 });
  const server = await TokenServer.start(defer, 'audience = "postern"', {
    POSTERN_TUNNEL_SERVER_AUTH_JWT_SECRET: TOKEN_SECRET,
  });
  return { issuer, server };
}
