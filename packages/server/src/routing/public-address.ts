export interface PublicAddressOptions {
  /** The base domain, as configured. */
  domain?: string;
  /** The URL of the base domain at a TLS proxy in front of the server. */
  publicUrl?: string;
  hasTls: boolean;
}

/** The public URLs of the server and its tunnels, from the base domain, TLS, and the port or the public URL. */
export class PublicAddress {
  /** The base domain in lower case, without a final dot. */
  readonly domain: string;
  /** The port of the listener that visitors use; known once the server listens. */
  port = 0;
  readonly #publicUrl: URL | undefined;
  readonly #hasTls: boolean;

  constructor({ domain = "localhost", publicUrl, hasTls }: PublicAddressOptions) {
    this.domain = domain.toLowerCase().replace(/\.$/, "");
    this.#publicUrl = publicUrl === undefined ? undefined : new URL(publicUrl);
    this.#hasTls = hasTls;
  }

  /** The scheme that visitors use when the connection does not show it. */
  get proto(): "http" | "https" {
    return this.#publicUrl?.protocol === "https:" ? "https" : "http";
  }

  /** The URL of the base domain. */
  get url(): string {
    return this.urlOf(this.domain);
  }

  /** The pattern of tunnel URLs, for instance `https://NAME.example.com`. */
  get tunnelPattern(): string {
    return this.url.replace("://", "://NAME.");
  }

  /** The URL of the tunnel `name`. */
  tunnelUrl(name: string): string {
    return this.urlOf(`${name}.${this.domain}`);
  }

  /** The name in the URL of a tunnel, without a path; undefined: it is no URL of a tunnel. */
  nameOf(url: string): string | undefined {
    const [start = "", end = ""] = this.tunnelPattern.split("NAME");
    const name = url.slice(start.length, -end.length);
    return name !== "" && url === this.tunnelPattern.replace("NAME", () => name) ? name : undefined;
  }

  /** The URL at which visitors reach `host`, without a path. */
  urlOf(host: string): string {
    const { protocol, port } = this.#publicUrl ?? { protocol: this.#hasTls ? "https:" : "http:", port: this.port };
    return new URL(`${protocol}//${host}:${port}`).origin;
  }
}
