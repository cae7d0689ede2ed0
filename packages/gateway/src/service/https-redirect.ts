import { isIP } from "node:net";
import { isLoopbackHost, isPrivateAddress } from "@postern/net";
import { climbsOut, pathOf } from "../routing/index.js";

export interface HttpsRedirectOptions {
  /** Paths that are served over HTTP, including everything below them. */
  exempt: readonly string[];
  /** Whether the gateway has a certificate or a route for a host. */
  isServed: (host: string) => boolean;
  /** The URL at which visitors reach a host by HTTPS, without a path. */
  urlOf: (host: string) => string;
}

/** Redirects visitors from HTTP to the HTTPS listener. */
export class HttpsRedirect {
  readonly #options: HttpsRedirectOptions;
  readonly #exempt: readonly string[];

  constructor(options: HttpsRedirectOptions) {
    this.#options = options;
    this.#exempt = options.exempt.map((prefix) => prefix.replace(/\/$/, ""));
  }

  /** Whether a request over HTTP is not served as it is. One without a host is: there is nowhere to redirect it to. */
  applies(host: string, path: string): boolean {
    return host !== "" && !this.#isExempt(path);
  }

  /**
   * The HTTPS URL for a request over HTTP; undefined for a host that is not known to be the gateway's. The sender of a
   * request chooses its host, and a cache may give the redirect to other visitors: they would be sent to that host.
   */
  location(host: string, path: string): string | undefined {
    const { isServed, urlOf } = this.#options;
    if (!isServed(host) && !isNear(host)) return undefined;
    // The target of `OPTIONS *` is not a path.
    return urlOf(host) + (path.startsWith("/") ? path : "/");
  }

  /** A path that leaves the exempt prefix when it is decoded is not exempt: it may be any page of the site. */
  #isExempt(target: string): boolean {
    const path = pathOf(target);
    const exempt = this.#exempt.find((prefix) => path === prefix || path.startsWith(`${prefix}/`));
    return exempt !== undefined && !climbsOut(target, exempt.length);
  }
}

/** Whether a host is localhost or an address of a local network: visitors use these without a certificate for them. */
function isNear(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return isLoopbackHost(host) || (isIP(address) > 0 && isPrivateAddress(address));
}
