import type { IncomingMessage } from "node:http";
import { LOGIN_LIMITS, TunnelError } from "@postern/protocol";
import { builtins, dialFault } from "@postern/net";
import type { TokenRefreshOptions } from "../options.js";
import { parseProxy } from "../server-connection/proxy-address.js";
import { dialServer, requestConnection } from "../server-connection/server-dial.js";

/** Limits of a response: time in milliseconds, and bytes. */
const TIMEOUT = 10_000;
const MAX_BYTES = 64 * 1024;
/** The errors of RFC 6749, section 5.2, that a retry cannot fix. */
const FINAL =
  /^(invalid_grant|invalid_client|invalid_request|invalid_scope|unauthorized_client|unsupported_grant_type)$/;

export interface NewToken {
  token: string;
  /** Its lifetime in milliseconds, if the issuer returned one. */
  lifetime: number | undefined;
  /** The refresh token for the next request, if it has changed. */
  refreshToken: string | undefined;
}

/**
 * Fetches a new token (RFC 6749, section 6) within `timeout` milliseconds.
 * @throws TunnelError PN_REFRESH_FAILED or PN_REFRESH_REFUSED, whose message contains no secrets.
 */
export async function requestToken(
  options: TokenRefreshOptions,
  refreshToken: string,
  timeout = TIMEOUT,
): Promise<NewToken> {
  const { status, body } = await send(options, refreshToken, timeout);
  let fields: Record<string, unknown> = {};
  try {
    fields = { ...(JSON.parse(body) as object) };
  } catch {
    if (status === 200) throw failed("the response is not JSON");
  }
  if (status !== 200) {
    const code = fields["error"];
    if (typeof code === "string" && FINAL.test(code)) throw new TunnelError("PN_REFRESH_REFUSED", code);
    throw failed(`HTTP ${status}`);
  }
  const { access_token: token, expires_in, refresh_token } = fields;
  if (!isVisible(token)) throw failed("the response has no access_token");
  if (token.length > LOGIN_LIMITS.token) throw failed(`the token has more than ${LOGIN_LIMITS.token} bytes`);
  // Some issuers send the number as a string.
  const seconds = typeof expires_in === "number" || typeof expires_in === "string" ? Number(expires_in) : NaN;
  return {
    token,
    lifetime: seconds > 0 && seconds < 1e10 ? seconds * 1_000 : undefined,
    refreshToken: isVisible(refresh_token) && refresh_token !== refreshToken ? refresh_token : undefined,
  };
}

async function send(
  { url, clientId, clientSecret, proxy }: TokenRefreshOptions,
  refreshToken: string,
  timeout: number,
): Promise<{ status: number; body: string }> {
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  const headers: Record<string, string> = {
    Accept: "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
  };
  if (clientId !== undefined && clientSecret !== undefined) {
    const login = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    headers["Authorization"] = `Basic ${Buffer.from(login).toString("base64")}`;
  } else if (clientId !== undefined) form.set("client_id", clientId);
  const signal = AbortSignal.timeout(timeout);
  try {
    const response = await post(new URL(url), headers, form.toString(), proxy, signal);
    const status = response.statusCode ?? 0;
    // A redirect would send the refresh token to another server.
    if (status >= 300 && status < 400) throw failed("the token endpoint redirects");
    return { status, body: await readText(response) };
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    throw failed(signal.aborted ? "no response in time" : reason(error as Error));
  }
}

/** @throws Error of the connection; the reason of `signal`. */
function post(
  address: URL,
  headers: Record<string, string>,
  body: string,
  proxy: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const through = proxy === undefined ? undefined : parseProxy(proxy);
  return new Promise((resolve, reject) => {
    const outgoing = builtins.http.request({
      method: "POST",
      path: address.pathname + address.search,
      headers: { Host: address.host, ...headers, "Content-Length": Buffer.byteLength(body) },
      signal,
      createConnection: requestConnection(() =>
        dialServer({ address, tls: {}, proxy: through, signal, unreachable: "PN_REFRESH_FAILED" }),
      ),
    });
    outgoing.on("error", reject).on("response", resolve).end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw failed(`the response has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Messages of errors without a code may contain the request. */
function reason(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? "the connection failed" : dialFault(error);
}

function isVisible(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]+$/.test(value) && value.length <= MAX_BYTES;
}

function failed(detail: string): TunnelError {
  return new TunnelError("PN_REFRESH_FAILED", detail);
}
