import { climbsOut } from "../routing/index.js";

/** Redirects visitors from HTTP to the HTTPS listener. */
export class HttpsRedirect {
  readonly #urlOf: (host: string) => string;
  readonly #exempt: readonly string[];

  /**
   * @param urlOf returns the URL at which visitors reach a host by HTTPS, without a path
   * @param exempt paths that are served over HTTP, including everything below them
   */
  constructor(urlOf: (host: string) => string, exempt: readonly string[]) {
    this.#urlOf = urlOf;
    this.#exempt = exempt.map((prefix) => prefix.replace(/\/$/, ""));
  }

  /** The HTTPS URL for a request over HTTP; undefined: the request is served over HTTP. */
  location(host: string, path: string): string | undefined {
    if (host === "" || this.#isExempt(path)) return undefined;
    // The target of `OPTIONS *` is not a path.
    return this.#urlOf(host) + (path.startsWith("/") ? path : "/");
  }

  /** A path that leaves the exempt prefix when it is decoded is not exempt: it may be any page of the site. */
  #isExempt(target: string): boolean {
    const [path = ""] = target.split("?", 1);
    const exempt = this.#exempt.find((prefix) => path === prefix || path.startsWith(`${prefix}/`));
    return exempt !== undefined && !climbsOut(target, exempt.length);
  }
}
