import { Tracing, type TracingOptions } from "../trace/tracing.js";
import { LoopGuard } from "./loop-guard.js";
import { TrustedFields } from "./trusted-fields.js";
import { TrustedProxies } from "./trusted-proxies.js";

export interface ForwardingOptions {
  /** Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Default: none. */
  trustedProxies?: TrustedProxies;
  /** Identity fields that these proxies may pass on to origins. Default: none. */
  trustedFields?: readonly string[];
  /**
   * Add Via to requests (RFC 9110, section 7.6.3). Default false: some origins do not compress responses to requests
   * that have it.
   */
  via?: boolean;
  /** Give requests a trace (W3C Trace Context). Default: fields of traces pass like all others. */
  tracing?: TracingOptions | undefined;
}

/** What one gateway writes into requests about their way to the origin. */
export class Forwarding {
  readonly proxies: TrustedProxies;
  readonly fields: TrustedFields;
  readonly loops = new LoopGuard();
  /** Undefined: requests get no trace. */
  readonly tracing: Tracing | undefined;
  readonly #hasVia: boolean;

  /** @throws RangeError when a trusted field is not allowed. */
  constructor({ trustedProxies = new TrustedProxies(), trustedFields, via = false, tracing }: ForwardingOptions = {}) {
    this.proxies = trustedProxies;
    this.fields = new TrustedFields(trustedFields);
    this.#hasVia = via;
    this.tracing = tracing && new Tracing(tracing);
  }

  /** The lines about this gateway, each ended by CRLF. @param versionMinor the visitor's */
  lines(versionMinor: 0 | 1): string {
    return this.#hasVia ? `${this.loops.line}Via: 1.${versionMinor} postern\r\n` : this.loops.line;
  }
}
