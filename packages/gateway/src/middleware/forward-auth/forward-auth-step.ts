import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import { builtins, publicLookup } from "@postern/net";
import { SYSTEM_CLOCK, type Clock } from "../../deadlines/clock.js";
import { meaningOf, refusals, type Field, type Reply } from "../../http/index.js";
import { targetField } from "../credential/target-field.js";
import { withoutOwn } from "../own-cookies/own-cookies.js";
import type { FieldEdits, Step, StepRequest, Verdict } from "../step.js";

/** A service that decides about each request of a route. */
export interface ForwardAuthOptions {
  /** `http://…` or `https://…`. */
  readonly url: string;
  /**
   * Names of fields of the service's answer that targets get, in place of those of the visitor. The first one names the
   * visitor.
   */
  readonly responseFields: readonly string[];
  /** Whether the host of the URL may have private addresses. Default true: the service usually has one. */
  readonly allowPrivate?: boolean | undefined;
}

/** `time`: milliseconds for an answer. `bytes`: of the body of an answer. `connections`: to the service. */
export const FORWARD_AUTH_LIMITS = { time: 10_000, bytes: 64 * 1024, connections: 64 } as const;

const { time: TIME } = FORWARD_AUTH_LIMITS;

interface Answer {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
}

/** Fields of the visitor that the service gets. */
const ASKED = [
  "accept",
  "accept-language",
  "authorization",
  "cookie",
  "origin",
  "referer",
  "user-agent",
  "x-requested-with",
].map((name): readonly [name: string, field: Field] => [name, meaningOf(name)]);

/** Fields of an answer that its visitor gets. */
const ANSWERED: Readonly<Record<string, string>> = {
  "cache-control": "Cache-Control",
  location: "Location",
  "set-cookie": "Set-Cookie",
  "www-authenticate": "WWW-Authenticate",
};

/**
 * Asks a service about each request, without its body (as Authelia, Authentik and oauth2-proxy expect). An answer with
 * a status of 2xx admits the request, and any other one but 5xx goes to the visitor.
 */
export class ForwardAuthStep implements Step {
  readonly name = "forward auth";
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #allowPrivate: boolean;
  /** In lower case, and as it is written. */
  readonly #fields: readonly (readonly [name: string, written: string])[];
  readonly #names: readonly string[];
  readonly #onWarning: (text: string) => void;
  readonly #clock: Clock;
  #isFailing = false;

  /**
   * @param onWarning called when the service does not answer, and not again until it does
   * @throws RangeError for the name of a field that is not valid.
   */
  constructor(
    { url, responseFields, allowPrivate = true }: ForwardAuthOptions,
    onWarning: (text: string) => void = () => {},
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#allowPrivate = allowPrivate;
    this.#url = new URL(url);
    this.#fields = responseFields.map((written) => [targetField(written), written]);
    this.#names = this.#fields.map(([name]) => name);
    this.#onWarning = onWarning;
    this.#clock = clock;
    const { Agent } = this.#url.protocol === "https:" ? builtins.https : builtins.http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: FORWARD_AUTH_LIMITS.connections, timeout: 60_000 });
  }

  async check(request: StepRequest): Promise<Verdict> {
    const { signal } = request;
    const late = new AbortController();
    const cancel = this.#clock.after(TIME, () => late.abort());
    try {
      const { incoming, body } = await this.#ask(request, AbortSignal.any([signal, late.signal]));
      const { statusCode: status = 0 } = incoming;
      if (status < 200 || status >= 500) throw new Error(`it answers with the status ${status}`);
      this.#isFailing = false;
      if (status >= 300) return answerOf(incoming, status, body);
      if (!signal.aborted) request.edit(this.#edits(incoming));
      return undefined;
    } catch (error) {
      if (!signal.aborted) this.#report(late.signal.aborted ? new Error(`no answer within ${TIME / 1_000} s`) : error);
      return refusals.PN_ACCESS_SERVICE;
    } finally {
      cancel();
    }
  }

  /** @param agent false: on a new connection */
  #ask(request: StepRequest, signal: AbortSignal, agent: Agent | false = this.#agent): Promise<Answer> {
    const headers: Record<string, string> = {};
    for (const [name, field] of ASKED) {
      const given = passedValue(request, name, field);
      // The service needs no cookies of logins, and could use them.
      const value = name === "cookie" ? (withoutOwn(given) ?? given) : given;
      if (value !== "") headers[name] = value;
    }
    for (const line of request.identityLines.split("\r\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) headers[line.slice(0, colon)] = line.slice(colon + 2);
    }
    if (request.cdnLoop !== "") headers["CDN-Loop"] = [request.cdnLoop, headers["CDN-Loop"] ?? ""].join(", ");
    headers["X-Forwarded-Method"] = request.method;
    headers["X-Forwarded-Uri"] = request.path;
    const options: RequestOptions = {
      agent,
      headers,
      signal,
      ...(this.#allowPrivate ? {} : { lookup: publicLookup }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { request: send } = this.#url.protocol === "https:" ? builtins.https : builtins.http;
    let isAnswered = false;
    const outgoing = send(this.#url, options, (incoming) => {
      isAnswered = true;
      bodyOf(incoming).then((body) => resolve({ incoming, body }), reject);
    });
    outgoing.on("error", (error) => {
      // The service may have closed the connection while it was idle.
      const isStale = outgoing.reusedSocket && agent !== false && !isAnswered && !signal.aborted;
      if (isStale) resolve(this.#ask(request, signal, false));
      else reject(error);
    });
    outgoing.on("upgrade", (_, socket) => {
      socket.destroy();
      reject(new Error("it switches protocols"));
    });
    outgoing.end();
    return promise;
  }

  #edits({ headers }: IncomingMessage): FieldEdits {
    const values = this.#names.map((name) => {
      const value = headers[name];
      return (Array.isArray(value) ? value.join(", ") : value) ?? "";
    });
    const lines = this.#fields.map(([, written], n) => (values[n] === "" ? "" : `${written}: ${values[n]}\r\n`));
    return {
      names: this.#names,
      lines: lines.join(""),
      // Services prolong their sessions in this way.
      responseLines: (headers["set-cookie"] ?? []).map((cookie) => `Set-Cookie: ${cookie}\r\n`).join(""),
      principal: values[0] === "" ? undefined : values[0],
    };
  }

  #report(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onWarning(`${this.#url.origin} cannot be asked about requests: ${reason}. Visitors get 502 until it can.`);
  }
}

/**
 * A field for the service, empty if it gets none: what earlier steps took away from targets is not for the service
 * either. Of the cookies it gets those that targets get.
 */
function passedValue(request: StepRequest, name: string, field: Field): string {
  const changed = request.changedValue(name);
  if (changed === undefined) return request.fieldValue(name, field);
  return name === "cookie" ? changed : "";
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > FORWARD_AUTH_LIMITS.bytes)
      throw new Error(`its answer has more than ${FORWARD_AUTH_LIMITS.bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The answer of the service, for the visitor. */
function answerOf({ headers }: IncomingMessage, status: number, body: Buffer): Reply {
  const fields: Record<string, string | string[]> = {};
  for (const [name, written] of Object.entries(ANSWERED)) {
    const value = headers[name];
    if (value !== undefined) fields[written] = value;
  }
  return { status, text: body.toString("utf8"), type: headers["content-type"] ?? "text/plain; charset=utf-8", fields };
}
