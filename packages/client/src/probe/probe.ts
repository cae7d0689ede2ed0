import { createHmac, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { builtins } from "@postern/net";
import { requestConnection } from "../server-connection/server-dial.js";
import { VERSION } from "../version.js";
import { ProbeFailure } from "./data-plane.js";

/** The header field of every response that a Postern server generates itself: it contains the error code. */
const ERROR_FIELD = "postern-error";
const ERROR_CODE = /^PN_[A-Z_]{1,60}$/;
const OVERLOADED = "PN_OVERLOADED";
/** A nonce and its HMAC: PROTOCOL.md, section 10. */
const PROBE_FIELD = /\r\npostern-probe:[ \t]*([0-9a-f]{32})\.[0-9a-f]{64}[ \t]*\r\n/i;

export interface ProbeRoute {
  /** Opens a new connection to the server, as a visitor of the tunnel does. */
  dial: (signal: AbortSignal) => Promise<Socket>;
  /** The tunnel's public host. */
  host: string;
  /** The id in `bound`. */
  tunnelId: string;
}

/** The maximum number of probes that are remembered until they arrive. */
const MAX_PENDING = 16;

/** Requests of the client to its own tunnel. Each has a nonce, which is accepted once. */
export class Probe {
  readonly #route: ProbeRoute;
  /**
   * Nonces of probes that have not arrived, the oldest first. The nonce of a probe that timed out is kept, so that the
   * probe never reaches the local service.
   */
  readonly #nonces = new Set<string>();

  constructor(route: ProbeRoute) {
    this.#route = route;
  }

  /** Sends a probe, and waits until it has returned. @throws ProbeFailure */
  send(signal: AbortSignal): Promise<void> {
    const nonce = randomBytes(16).toString("hex");
    this.#nonces.add(nonce);
    if (this.#nonces.size > MAX_PENDING) this.#nonces.delete([...this.#nonces][0]!);
    return this.#request(nonce, signal);
  }

  /** The response to a request that begins with `head`; undefined when it is not one of these probes. */
  respond(head: string): string | undefined {
    const nonce = PROBE_FIELD.exec(head)?.[1];
    if (nonce === undefined || !this.#nonces.delete(nonce)) return undefined;
    return `HTTP/1.1 204 No Content\r\nPostern-Probe: ${nonce}\r\nConnection: close\r\n\r\n`;
  }

  #request(nonce: string, signal: AbortSignal): Promise<void> {
    const { dial, host, tunnelId } = this.#route;
    const hmac = createHmac("sha256", tunnelId).update(nonce).digest("hex");
    const headers = {
      Host: host,
      "User-Agent": `postern/${VERSION}`,
      "Postern-Probe": `${nonce}.${hmac}`,
      Connection: "close",
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const probe = builtins.http.request({
      createConnection: requestConnection(() => dial(signal)),
      method: "GET",
      path: "/",
      headers,
    });
    let sent = false;
    const abandon = (): void =>
      reject(
        sent
          ? new ProbeFailure("a request to the tunnel's public address got no response in time", "broken")
          : new ProbeFailure("connecting to the tunnel's public address timed out", "foreign"),
      );
    signal.addEventListener("abort", abandon, { once: true });
    probe
      .on("finish", () => (sent = true))
      .on("error", (error) =>
        reject(new ProbeFailure(`the tunnel's public address cannot be reached: ${error.message}`, "foreign")),
      )
      .on("response", ({ statusCode, headers: fields }) => {
        if (statusCode === 204 && fields["postern-probe"] === nonce) return resolve();
        const field = fields[ERROR_FIELD];
        const code = typeof field === "string" && ERROR_CODE.test(field) ? field : undefined;
        const by = code === undefined ? "" : ` ${code}`;
        const verdict = code === OVERLOADED ? "inconclusive" : code === undefined ? "foreign" : "broken";
        reject(new ProbeFailure(`a request to the tunnel's public address got ${statusCode}${by}`, verdict));
      })
      .end();
    return promise.finally(() => {
      signal.removeEventListener("abort", abandon);
      probe.destroy();
    });
  }
}
