import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { builtins } from "@postern/net";
import { CliError } from "../errors.js";
import { byteText } from "../terminal/quantity.js";

const TIMEOUT = 10_000;
const MAX_RESPONSE = 64 * 1024;

export interface OnceResult {
  text: string;
  fields: { url: string; status: number; duration_ms: number; bytes: number };
}

/**
 * Sends one request through the tunnel as a visitor, and checks that the sample service responded to it. Throws
 * PN_DEMO_FAILED.
 * @param url the tunnel's public URL.
 * @param address the server's address, since not every resolver knows `*.localhost`.
 */
export async function requestOnce(url: string, address: string): Promise<OnceResult> {
  const token = randomUUID();
  const target = new URL(`/once?token=${token}`, url);
  const started = performance.now();
  const { status, body } = await fetchOnce(target, address).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("PN_DEMO_FAILED", `GET ${target.origin} failed: ${reason}.`);
  });
  const duration = performance.now() - started;
  if (status !== 200 || !body.includes(token)) {
    throw new CliError(
      "PN_DEMO_FAILED",
      `GET ${target.origin} returned status ${status} instead of the sample service's response.`,
    );
  }
  return {
    text: `GET ${target.origin} → ${status} in ${duration.toFixed(1)} ms, ${byteText(body.length)}: visitor → server → client → service and back`,
    fields: { url: target.origin, status, duration_ms: Math.round(duration * 10) / 10, bytes: body.length },
  };
}

async function fetchOnce(target: URL, address: string): Promise<{ status: number; body: Buffer }> {
  const at = new URL(`http://${address}`);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const headers = { host: target.host, accept: "application/json", connection: "close" };
    const options = {
      host: at.hostname.replace(/^\[|\]$/g, ""),
      port: at.port,
      path: target.pathname + target.search,
      headers,
      signal,
    };
    builtins.http.request(options, resolve).on("error", reject).end();
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_RESPONSE) throw new Error("the response is too large");
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}
