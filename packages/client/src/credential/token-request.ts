import { request, type IncomingMessage } from "node:http";
import { LOGIN_LIMITS, TunnelError } from "@postern/protocol";
import { dialFault } from "@postern/net";
import type { TokenRefreshOptions } from "../options.js";
import { parseProxy } from "../server-way/proxy-address.js";
import { dialServer, requestConnection } from "../server-way/server-dial.js";

/** How long an answer may take, in milliseconds, and how long it may be, in bytes. */
const TIMEOUT = 10_000;
const MOST_BYTES = 64 * 1024;
/** What of RFC 6749, section 5.2, says that the same question has the same answer the next time. */
const FOR_GOOD =
  /^(invalid_grant|invalid_client|invalid_request|invalid_scope|unauthorized_client|unsupported_grant_type)$/;

export interface NewToken {
  token: string;
  /** Milliseconds that it counts, if that was said. */
  lifetime: number | undefined;
  /** What the next one is asked for with, if that is another than before. */
  refreshToken: string | undefined;
}

/**
 * Asks for a new token: RFC 6749, section 6. The whole answer may take `timeout` milliseconds.
 * @throws TunnelError PN_REFRESH_FAILED or PN_REFRESH_REFUSED, without anything secret in it.
 */
export async function requestToken(
  options: TokenRefreshOptions,
  refreshToken: string,
  timeout = TIMEOUT,
): Promise<NewToken> {
  const { status, body } = await ask(options, refreshToken, timeout);
  let answer: Record<string, unknown> = {};
  try {
    answer = { ...(JSON.parse(body) as object) };
  } catch {
    if (status === 200) throw failed("the answer is not JSON");
  }
  if (status !== 200) {
    const code = answer["error"];
    if (typeof code === "string" && FOR_GOOD.test(code)) throw new TunnelError("PN_REFRESH_REFUSED", code);
    throw failed(`HTTP ${status}`);
  }
  const { access_token: token, expires_in, refresh_token } = answer;
  if (!isVisible(token)) throw failed("the answer has no access_token");
  if (token.length > LOGIN_LIMITS.token) throw failed(`the token has more than ${LOGIN_LIMITS.token} bytes`);
  // Some issuers say it as text.
  const seconds = typeof expires_in === "number" || typeof expires_in === "string" ? Number(expires_in) : NaN;
  return {
    token,
    lifetime: seconds > 0 && seconds < 1e10 ? seconds * 1_000 : undefined,
    refreshToken: isVisible(refresh_token) && refresh_token !== refreshToken ? refresh_token : undefined,
  };
}

async function ask(
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
    const answer = await post(new URL(url), headers, form.toString(), proxy, signal);
    const status = answer.statusCode ?? 0;
    // Whoever redirects would get the refresh token.
    if (status >= 300 && status < 400) throw failed("it redirects");
    return { status, body: await readText(answer) };
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    throw failed(signal.aborted ? "no answer in time" : reason(error as Error));
  }
}

/** @throws Error of the connection, or what `signal` was aborted with. */
function post(
  address: URL,
  headers: Record<string, string>,
  body: string,
  proxy: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const through = proxy === undefined ? undefined : parseProxy(proxy);
  return new Promise((resolve, reject) => {
    const asked = request({
      method: "POST",
      path: address.pathname + address.search,
      headers: { Host: address.host, ...headers, "Content-Length": Buffer.byteLength(body) },
      signal,
      createConnection: requestConnection(() =>
        dialServer({ address, tls: {}, proxy: through, signal, unreachable: "PN_REFRESH_FAILED" }),
      ),
    });
    asked.on("error", reject).on("response", resolve).end(body);
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw failed(`the answer has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Messages without a code may repeat what was sent. */
function reason(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? "no connection" : dialFault(error);
}

function isVisible(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]+$/.test(value) && value.length <= MOST_BYTES;
}

function failed(detail: string): TunnelError {
  return new TunnelError("PN_REFRESH_FAILED", detail);
}
