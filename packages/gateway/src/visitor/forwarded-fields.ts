import { unmapped } from "@postern/net";
import type { RequestHead } from "../http/index.js";
import type { TrustedProxies } from "./trusted-proxies.js";

/**
 * Who a visitor is, as origins are told: X-Forwarded-*, X-Real-IP and Forwarded (RFC 7239). What visitors say of themselves is not
 * passed on; what a trusted proxy says of them is.
 */
export class Identity {
  /** The visitor's IP address, in its plain form. */
  address: string;
  readonly #peer: string;
  readonly #proto: "http" | "https";
  readonly #trusted: TrustedProxies;
  /** The peer is a trusted proxy, so every request may come from somebody else. */
  readonly #proxied: boolean;
  #toldAddress = "";
  #toldProto = "";
  #toldAuthority = "";
  #lines = "";

  constructor(peer: string | undefined, proto: "http" | "https", trusted: TrustedProxies) {
    this.#peer = unmapped(peer ?? "unknown");
    this.address = this.#peer;
    this.#proto = proto;
    this.#trusted = trusted;
    this.#proxied = trusted.has(this.#peer);
  }

  /** The header lines for a request; visitors rarely change, so the last ones are kept. */
  lines(head: RequestHead): string {
    const { authority } = head;
    const proto = this.#proxied ? this.#ask(head) : this.#proto;
    if (authority === this.#toldAuthority && this.address === this.#toldAddress && proto === this.#toldProto) {
      return this.#lines;
    }
    this.#toldAuthority = authority;
    this.#toldAddress = this.address;
    this.#toldProto = proto;
    const node = this.address.includes(":") ? `"[${this.address}]"` : this.address;
    const host = authority === "" ? "" : `;host="${authority}"`;
    this.#lines =
      `X-Forwarded-For: ${this.address}\r\n` +
      `X-Forwarded-Proto: ${proto}\r\n` +
      (authority === "" ? "" : `X-Forwarded-Host: ${authority}\r\n`) +
      `X-Real-IP: ${this.address}\r\n` +
      `Forwarded: for=${node}${host};proto=${proto}\r\n`;
    return this.#lines;
  }

  /** What the proxy says: sets `address`, and returns the scheme. */
  #ask(head: RequestHead): "http" | "https" {
    this.address = this.#trusted.visitor(this.#peer, head.identityValue("x-forwarded-for"));
    const proto = head.identityValue("x-forwarded-proto").toLowerCase();
    return proto === "http" || proto === "https" ? proto : this.#proto;
  }
}
