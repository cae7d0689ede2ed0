import { ClientCa } from "@postern/net";
import { parseHostPattern } from "../../routing/host-pattern.js";
import type { CertificateOptions } from "./certificate-step.js";

/** The CA of the client certificates for a host, or for the hosts of a wildcard. */
export class HostCa extends ClientCa {
  /** As routes write it. */
  readonly host: string;

  /** @throws TlsError PN_TLS_FILE */
  constructor({ host, ca, crl }: CertificateOptions) {
    super({ ca, ...(crl === undefined ? {} : { crl }) });
    this.host = host;
  }
}

/** The CAs of the hosts that have one. The host in a TLS handshake decides whether a certificate is requested. */
export class HostCas {
  readonly #exact = new Map<string, HostCa>();
  /** By the domain below which their hosts are. */
  readonly #wildcards = new Map<string, HostCa>();

  /**
   * @param former CAs that stay the same are taken from them, so that their TLS contexts are used again
   * @throws RangeError if routes of one host have different CAs; TlsError PN_TLS_FILE
   */
  constructor(routes: Iterable<CertificateOptions>, former?: HostCas) {
    for (const route of routes) {
      const { host, ca, crl } = route;
      const isSame = (each: HostCa | undefined): boolean => each?.ca === ca && each.crl === crl;
      const { kind, name } = parseHostPattern(host);
      if (kind === "any") throw new RangeError("Client certificates need a route with host.");
      const cas = this.#of(kind);
      const other = cas.get(name);
      if (other !== undefined && !isSame(other))
        throw new RangeError(`The routes of ${host} have different CAs or revocation lists for client certificates.`);
      const kept = former === undefined ? undefined : former.#of(kind).get(name);
      cas.set(name, other ?? (kept !== undefined && isSame(kept) ? kept : new HostCa(route)));
    }
  }

  /** The CA of the most specific host that has one and covers `serverName`; undefined: no certificate is requested. */
  find(serverName: string | undefined): HostCa | undefined {
    if (serverName === undefined || this.#exact.size + this.#wildcards.size === 0) return undefined;
    const exact = this.#exact.get(serverName);
    if (exact !== undefined) return exact;
    for (let dot = serverName.indexOf("."); dot >= 0; dot = serverName.indexOf(".", dot + 1)) {
      const found = this.#wildcards.get(serverName.slice(dot + 1));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #of(kind: "exact" | "wildcard"): Map<string, HostCa> {
    return kind === "exact" ? this.#exact : this.#wildcards;
  }
}
