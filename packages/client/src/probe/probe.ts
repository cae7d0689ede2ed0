import { createHmac, randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";
import { ProbeFailure } from "./data-plane.js";
import { requestConnection } from "../server-way/server-dial.js";
import { VERSION } from "../version.js";

/** What every Postern server says with an answer of its own. */
const OWN_ANSWER = "postern-error";
const TOO_BUSY = "PN_OVERLOADED";
/** A nonce and what proves that it is the client's: PROTOCOL.md, section 10. */
const FIELD = /\r\npostern-probe:[ \t]*([0-9a-f]{32})\.[0-9a-f]{64}[ \t]*\r\n/i;

export interface ProbeWay {
  /** A new connection to where the session goes, as a visitor of the tunnel opens it. */
  dial: (signal: AbortSignal) => Promise<Socket>;
  /** The tunnel's public host. */
  host: string;
  /** As `bound` said it. */
  tunnelId: string;
}

/** So many probes that have not come back yet are known. */
const KNOWN = 16;

/** Requests of our own on the way that visitors take, each known by a nonce that counts once. */
export class Probe {
  readonly #way: ProbeWay;
  /** Nonces on their way, the oldest first: a probe that comes after it was given up is still none of the local service's business. */
  readonly #nonces = new Set<string>();

  constructor(way: ProbeWay) {
    this.#way = way;
  }

  /** Sends one, and waits until it has come back. @throws ProbeFailure */
  send(signal: AbortSignal): Promise<void> {
    const nonce = randomBytes(16).toString("hex");
    this.#nonces.add(nonce);
    if (this.#nonces.size > KNOWN) this.#nonces.delete([...this.#nonces][0]!);
    return this.#ask(nonce, signal);
  }

  /** The answer to the request that begins with `head`, if that is a probe of ours. */
  answer(head: string): string | undefined {
    const nonce = FIELD.exec(head)?.[1];
    if (nonce === undefined || !this.#nonces.delete(nonce)) return undefined;
    return `HTTP/1.1 204 No Content\r\nPostern-Probe: ${nonce}\r\nConnection: close\r\n\r\n`;
  }

  #ask(nonce: string, signal: AbortSignal): Promise<void> {
    const { dial, host, tunnelId } = this.#way;
    const proof = createHmac("sha256", tunnelId).update(nonce).digest("hex");
    const headers = {
      Host: host,
      "User-Agent": `postern/${VERSION}`,
      "Postern-Probe": `${nonce}.${proof}`,
      Connection: "close",
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const asked = request({
      createConnection: requestConnection(() => dial(signal)),
      method: "GET",
      path: "/",
      headers,
    });
    let sent = false;
    const abandon = (): void =>
      reject(
        sent
          ? new ProbeFailure("a request to the tunnel's own address was not answered in time", "broken")
          : new ProbeFailure("the tunnel's own address could not be reached in time", "foreign"),
      );
    signal.addEventListener("abort", abandon, { once: true });
    asked
      .on("finish", () => (sent = true))
      .on("error", (error) =>
        reject(new ProbeFailure(`the tunnel's own address cannot be reached: ${error.message}`, "foreign")),
      )
      .on("response", ({ statusCode, headers: said }) => {
        if (statusCode === 204 && said["postern-probe"] === nonce) return resolve();
        const code = said[OWN_ANSWER];
        const by = typeof code === "string" ? ` ${code}` : "";
        const proves = code === TOO_BUSY ? "nothing" : code === undefined ? "foreign" : "broken";
        reject(new ProbeFailure(`a request to the tunnel's own address was answered ${statusCode}${by}`, proves));
      })
      .end();
    return promise.finally(() => {
      signal.removeEventListener("abort", abandon);
      asked.destroy();
    });
  }
}
