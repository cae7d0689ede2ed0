import type { PublicAddress } from "./public-address.js";

/** Redirects visitors from HTTP to the HTTPS listener. */
export class HttpsRedirect {
  readonly #address: PublicAddress;
  readonly #exempt: readonly string[];

  /** @param exempt paths that are served over HTTP, including everything below them. */
  constructor(address: PublicAddress, exempt: readonly string[]) {
    this.#address = address;
    this.#exempt = exempt;
  }

  /** The HTTPS URL for a request over HTTP; undefined: the request is served over HTTP. */
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
