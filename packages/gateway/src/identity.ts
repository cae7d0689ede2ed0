/** Who a visitor is, as origins are told: X-Forwarded-*, X-Real-IP and Forwarded (RFC 7239). What visitors say of themselves is not passed on. */
export class Identity {
  /** The visitor's IP address, in its plain form. */
  readonly address: string;
  readonly #proto: "http" | "https";
  readonly #node: string;
  #authority: string | undefined;
  #lines = "";

  constructor(address = "unknown", proto: "http" | "https") {
    this.address = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
    this.#proto = proto;
    this.#node = this.address.includes(":") ? `"[${this.address}]"` : this.address;
  }

  /** The header lines for a request to `authority`; visitors rarely change it, so the last ones are kept. */
  lines(authority: string): string {
    if (authority === this.#authority) return this.#lines;
    this.#authority = authority;
    const host = authority === "" ? "" : `;host="${authority}"`;
    this.#lines =
      `X-Forwarded-For: ${this.address}\r\n` +
      `X-Forwarded-Proto: ${this.#proto}\r\n` +
      (authority === "" ? "" : `X-Forwarded-Host: ${authority}\r\n`) +
      `X-Real-IP: ${this.address}\r\n` +
      `Forwarded: for=${this.#node}${host};proto=${this.#proto}\r\n`;
    return this.#lines;
  }
}
