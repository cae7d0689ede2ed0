import { createHmac, createSign, generateKeyPairSync, randomBytes, type JsonWebKey, type KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Defer } from "../cleanup.js";
import { Origin } from "./origin.js";

/** The secret of HS256 tokens in tests. */
export const TOKEN_SECRET = "canary-secret-of-tokens-0123456789abcdef";

/** A token issuer in the test's process: JWKS, OAuth token endpoint and introspection over HTTP. */
export class TokenIssuer {
  readonly origin: Origin;
  /** Used refresh tokens, in order. */
  readonly used: string[] = [];
  /** Active opaque tokens, with their introspection responses. */
  readonly opaque = new Map<string, object>();
  /** Every token that it has issued or received. None of them may be printed anywhere. */
  readonly secrets = new Set<string>([TOKEN_SECRET]);
  /** Lifetime of issued tokens in seconds. */
  lifetime = 3;
  /** The subject of issued tokens. */
  user = "alice";
  /** Responds 503 to every request. */
  down = false;
  /** Each use of a refresh token replaces it with a new one. */
  rotates = false;
  /** The client that may call its endpoints, as `name:secret`. Undefined allows every client. */
  client: string | undefined;
  /** Issued tokens are signed with the published key instead of the secret. */
  publishes = false;
  /** The refresh token that is valid now. */
  refreshToken = "canary-refresh-token-0";
  introspections = 0;
  #keys: { kid: string; key: KeyObject; jwk: JsonWebKey }[] = [];

  private constructor(origin: Origin) {
    this.origin = origin;
    this.secrets.add(this.refreshToken);
    this.rotateKeys("first");
  }

  static async start(defer: Defer): Promise<TokenIssuer> {
    const origin = await Origin.start(defer, (incoming, outgoing) => {
      void text(incoming).then((body) => {
        const { status, answer } = issuer.#respond(incoming, new URLSearchParams(body));
        outgoing.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
      });
    });
    const issuer = new TokenIssuer(origin);
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.origin.port}`;
  }

  /** Replaces the published key. */
  rotateKeys(kid: string): void {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    this.#keys = [{ kid, key: privateKey, jwk: publicKey.export({ format: "jwk" }) }];
  }

  /** A JWT signed with the published key. */
  signed(claims: object = {}): string {
    const { kid, key } = this.#keys[0]!;
    return this.#kept(
      (signed) => createSign("sha256").update(signed).sign(key, "base64url"),
      { alg: "RS256", kid },
      claims,
    );
  }

  /** A JWT signed with the secret (HS256). */
  hashed(claims: object = {}, secret = TOKEN_SECRET): string {
    const sign = (signed: string): string => createHmac("sha256", secret).update(signed).digest("base64url");
    return this.#kept(sign, { alg: "HS256" }, claims);
  }

  /** A JWT with another signature: `sign` returns it in base64url. */
  made(alg: string, sign: (signed: string) => string): string {
    return this.#kept(sign, { alg }, {});
  }

  #kept(sign: (signed: string) => string, header: object, claims: object): string {
    const all = { sub: this.user, aud: "postern", jti: randomBytes(6).toString("hex"), ...this.#times(), ...claims };
    const signed = [header, all].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const token = `${signed}.${sign(signed)}`;
    this.secrets.add(token);
    return token;
  }

  #times(): object {
    const now = Date.now() / 1_000;
    return { iat: now, exp: now + this.lifetime };
  }

  #respond({ url, method, headers }: IncomingMessage, form: URLSearchParams): { status: number; answer: object } {
    if (this.down) return { status: 503, answer: { error: "temporarily_unavailable" } };
    const login = `Basic ${Buffer.from(this.client ?? "").toString("base64")}`;
    if (this.client !== undefined && method === "POST" && headers.authorization !== login)
      return { status: 401, answer: { error: "invalid_client" } };
    switch (`${method} ${url}`) {
      case "GET /jwks":
        return { status: 200, answer: { keys: this.#keys.map(({ kid, jwk }) => ({ ...jwk, kid, use: "sig" })) } };
      case "POST /token":
        return this.#refresh(form);
      case "POST /introspect":
        this.introspections++;
        return { status: 200, answer: this.opaque.get(form.get("token") ?? "") ?? { active: false } };
      default:
        return { status: 404, answer: {} };
    }
  }

  #refresh(form: URLSearchParams): { status: number; answer: object } {
    const given = form.get("refresh_token") ?? "";
    if (form.get("grant_type") !== "refresh_token" || given !== this.refreshToken)
      return { status: 400, answer: { error: "invalid_grant", error_description: given } };
    this.used.push(given);
    if (this.rotates) this.refreshToken = `canary-refresh-token-${this.used.length}`;
    this.secrets.add(this.refreshToken);
    const rotated = this.rotates ? { refresh_token: this.refreshToken } : {};
    return {
      status: 200,
      answer: { access_token: this.publishes ? this.signed() : this.hashed(), token_type: "Bearer", ...rotated },
    };
  }
}

async function text(incoming: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of incoming) body += String(chunk);
  return body;
}
