import type { PublicAddress } from "./public-address.js";

/** Sends visitors from HTTP to the HTTPS listener. */
export class HttpsRedirect {
  readonly #address: PublicAddress;
  readonly #exempt: readonly string[];

  /** @param exempt paths that are served by HTTP, with all below them. */
  constructor(address: PublicAddress, exempt: readonly string[]) {
    this.#address = address;
    this.#exempt = exempt;
  }

  /** The HTTPS URL of a request that came by HTTP; undefined: it is served by HTTP. */
  location(host: string, path: string): string | undefined {
    if (host === "" || this.#isExempt(path)) return undefined;
    // The target of `OPTIONS *` is not a path.
    return this.#address.urlOf(host) + (path.startsWith("/") ? path : "/");
  }

  #isExempt(target: string): boolean {
    const [path = ""] = target.split("?", 1);
    return this.#exempt.some((exempt) => path === exempt || path.startsWith(exempt.replace(/\/?$/, "/")));
  }
}
