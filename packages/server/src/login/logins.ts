import { TunnelError, type Auth } from "@postern/protocol";
import type { ApiKeys } from "./api-keys.js";
import type { PeerCertificate } from "@postern/net";
import type { ClientCertificates } from "./client-certificates.js";
import type { Authenticator, Principal } from "./principal.js";
import type { Tokens } from "./tokens.js";

/** The login methods that this server offers. */
export class Logins implements Authenticator {
  readonly #methods: ReadonlyMap<string, Authenticator | undefined>;

  constructor(keys: ApiKeys, tokens: Tokens | undefined, certificates: ClientCertificates) {
    this.#methods = new Map<string, Authenticator | undefined>([
      ["api_key", keys],
      ["token", tokens],
      ["certificate", certificates],
    ]);
  }

  authenticate(auth: Auth, peer: PeerCertificate | undefined): Principal | Promise<Principal> {
    const authenticator = this.#methods.get(auth.method);
    if (authenticator !== undefined) return authenticator.authenticate(auth, peer);
    throw this.#methods.has(auth.method)
      ? new TunnelError("PN_AUTH_REFUSED", `the server does not offer logins by ${auth.method}`)
      : new TunnelError("PN_UNSUPPORTED");
  }
}
