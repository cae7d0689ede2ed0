import { generateKeyPairSync } from "node:crypto";
import type { RequestListener } from "node:http";
import { Provider, type Context } from "oidc-provider";
import { Origin, type Defer } from "@postern/testkit";

export const CLIENT_ID = "gateway";
export const CLIENT_SECRET = "canary-client-secret-0123456789";

/** An account of the provider. Its password is anything. */
export interface Account {
  email?: string;
  email_verified?: boolean;
  groups?: string[];
}

/** An OpenID provider in the test's process, with the login pages of `oidc-provider`. */
export class OpenIdService {
  readonly origin: Origin;
  /** By name, which is the subject, too. */
  readonly accounts = new Map<string, Account>();
  /** Whether it responds 503 to every request. */
  isDown = false;
  readonly errors: string[] = [];
  readonly #serve: (callbacks: readonly string[]) => void;

  private constructor(origin: Origin, serve: (service: OpenIdService, callbacks: readonly string[]) => void) {
    this.origin = origin;
    this.#serve = (callbacks) => serve(this, callbacks);
  }

  static async start(defer: Defer): Promise<OpenIdService> {
    let listener: RequestListener | undefined;
    const origin = await Origin.start(defer, (incoming, outgoing) => {
      if (listener === undefined || service.isDown) outgoing.writeHead(503).end();
      else listener(incoming, outgoing);
    });
    const service = new OpenIdService(origin, (self, callbacks) => (listener = providerOf(self, callbacks).callback()));
    return service;
  }

  get issuer(): string {
    return `http://localhost:${this.origin.port}`;
  }

  /** Serves one client, with these callback URLs. */
  serve(callbacks: readonly string[]): void {
    this.#serve(callbacks);
  }

  /** The requests for a path. */
  requests(path: string): number {
    return this.origin.requests.filter(({ url }) => url.startsWith(path)).length;
  }
}

function providerOf(service: OpenIdService, callbacks: readonly string[]): Provider {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const provider = new Provider(service.issuer, {
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: callbacks }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "first", use: "sig", alg: "RS256" }] },
    cookies: { keys: ["provider"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"], profile: [] },
    scopes: ["openid", "email", "profile", "groups"],
    findAccount: (_: Context, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...service.accounts.get(id) }),
    }),
    // The accounts have agreed to everything.
    loadExistingGrant: async ({ oidc }: Context) => {
      const known = oidc.session.grantIdFor(oidc.client.clientId);
      if (known !== undefined) return provider.Grant.find(known);
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
  });
  provider.on("server_error", (_, error) => service.errors.push(String(error)));
  return provider;
}
