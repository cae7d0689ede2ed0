import { unmapped } from "@postern/net";
import { Field, type RequestHead } from "../http/index.js";
import type { Forwarding } from "./forwarding.js";

/**
 * The fields that describe the visitor to origins: X-Forwarded-*, X-Real-IP and Forwarded (RFC 7239). The fields that a
 * visitor sends are dropped; X-Forwarded-For and X-Forwarded-Proto of a trusted proxy are used.
 */
export class ForwardedFields {
  /** The visitor's IP address. An IPv4 address is never in IPv6-mapped form. */
  address: string;
  readonly #peer: string;
  readonly #proto: "http" | "https";
  readonly #forwarding: Forwarding;
  /** Whether the peer is a trusted proxy, so that each request may come from a different visitor. */
  readonly isProxied: boolean;
  #lastAddress = "";
  #lastProto = "";
  #lastAuthority = "";
  #lastVersion = 1;
  #lines = "";

  constructor(peer: string | undefined, proto: "http" | "https", forwarding: Forwarding) {
    this.#peer = unmapped(peer ?? "unknown");
    this.address = this.#peer;
    this.#proto = proto;
    this.#forwarding = forwarding;
    this.isProxied = forwarding.proxies.has(this.#peer);
  }

  /** The id that a trusted proxy gave a request; empty if there is none. */
  requestId(head: RequestHead): string {
    return this.isProxied ? this.#forwarding.fields.requestId(head) : "";
  }

  /** Sets `address` for a request whose head is not valid. */
  forgetAddress(): void {
    this.address = this.#peer;
  }

  /** Sets `address` for a request: a trusted proxy sends requests of many visitors. */
  readAddress(head: RequestHead): void {
    if (this.isProxied)
      this.address = this.#forwarding.proxies.visitor(this.#peer, head.fieldValues(Field.identity, "x-forwarded-for"));
  }

  /**
   * The lines for a request whose address was read, each ended by CRLF. The last lines are cached, because visitors
   * rarely change.
   */
  lines(head: RequestHead): string {
    const { authority, versionMinor } = head;
    this.#forwarding.fields.select(head, this.isProxied);
    const proto = this.isProxied ? this.#protoOf(head) : this.#proto;
    if (
      authority === this.#lastAuthority &&
      this.address === this.#lastAddress &&
      proto === this.#lastProto &&
      versionMinor === this.#lastVersion
    )
      return this.#lines;
    this.#lastAuthority = authority;
    this.#lastAddress = this.address;
    this.#lastProto = proto;
    this.#lastVersion = versionMinor;
    const node = this.address.includes(":") ? `"[${this.address}]"` : this.address;
    const host = authority === "" ? "" : `;host="${authority}"`;
    // V8 keeps a string from `+` as a tree of its parts, which takes more memory and is slower to write.
    this.#lines = [
      `X-Forwarded-For: ${this.address}\r\n`,
      `X-Forwarded-Proto: ${proto}\r\n`,
      authority === "" ? "" : `X-Forwarded-Host: ${authority}\r\n`,
      `X-Real-IP: ${this.address}\r\n`,
      `Forwarded: for=${node}${host};proto=${proto}\r\n`,
      this.#forwarding.lines(versionMinor),
    ].join("");
    return this.#lines;
  }

  /** The scheme and the authority that the visitor requested, as `https://a.example`. */
  site(head: RequestHead): string {
    return `${this.isProxied ? this.#protoOf(head) : this.#proto}://${head.authority}`;
  }

  /** The scheme that the proxy's fields name; the connection's if they name none. */
  #protoOf(head: RequestHead): "http" | "https" {
    const proto = head.fieldValues(Field.identity, "x-forwarded-proto").toLowerCase();
    return proto === "http" || proto === "https" ? proto : this.#proto;
  }
}
