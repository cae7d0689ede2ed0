import { randomUUID } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import { CliError } from "../errors.js";
import { byteText } from "../terminal/quantity.js";

const TIMEOUT = 10_000;
const MAX_ANSWER = 64 * 1024;

export interface OnceResult {
  text: string;
  fields: { url: string; status: number; duration_ms: number; bytes: number };
}

/**
 * Sends one request through the tunnel as a visitor would and checks that the sample service answered this very one.
 * @param url the tunnel's public address; @param address where the server listens, since not every resolver knows `*.localhost`.
 * Throws PN_DEMO_FAILED.
 */
export async function requestOnce(url: string, address: string): Promise<OnceResult> {
  const token = randomUUID();
  const target = new URL(`/once?token=${token}`, url);
  const started = performance.now();
  const { status, body } = await ask(target, address).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError("PN_DEMO_FAILED", `GET ${target.origin} did not come back: ${reason}.`);
  });
  const duration = performance.now() - started;
  if (status !== 200 || !body.includes(token)) {
    throw new CliError(
      "PN_DEMO_FAILED",
      `GET ${target.origin} came back with status ${status}, not with the service's answer.`,
    );
  }
  return {
    text: `GET ${target.origin} → ${status} in ${duration.toFixed(1)} ms, ${byteText(body.length)}: visitor → server → client → service and back`,
    fields: { url: target.origin, status, duration_ms: Math.round(duration * 10) / 10, bytes: body.length },
  };
}

async function ask(target: URL, address: string): Promise<{ status: number; body: Buffer }> {
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
    request(options, resolve).on("error", reject).end();
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error("the answer is far too large");
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}
