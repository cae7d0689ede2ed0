import { request } from "node:http";
import type { StatusDocument } from "@postern/client/command";
import type { RunningClient } from "../monitoring/run-file.js";

/** What became of asking one client. */
export interface ClientAnswer {
  client: RunningClient;
  /** Undefined when it did not answer. */
  document?: StatusDocument;
  /** Why not. */
  trouble?: string;
  /** Another process answers there: the client is gone. */
  isGone: boolean;
}

/** Milliseconds for a whole answer. */
const TIMEOUT = 3_000;
/** Bytes of an answer. */
const MOST = 16 * 1024 * 1024;

/** Asks a running client how it is. Never throws. */
export async function askClient(client: RunningClient): Promise<ClientAnswer> {
  try {
    const document = JSON.parse(await bodyOf(`${client.api}/api/status`)) as StatusDocument;
    if (document.pid !== client.pid) return { client, trouble: "it is gone", isGone: true };
    if (document.schema !== 1 || !Array.isArray(document.endpoints))
      return { client, trouble: "it is of another version of Postern", isGone: false };
    return { client, document, isGone: false };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      client,
      trouble: code === "ECONNREFUSED" ? "nobody listens there" : message,
      isGone: code === "ECONNREFUSED",
    };
  }
}

function bodyOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const failed = (error: Error): void => reject(signal.aborted ? new Error("it does not answer") : error);
    const outgoing = request(url, { agent: false, signal, headers: { Accept: "application/json" } }, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST) incoming.destroy(new Error("its answer is too long"));
        chunks.push(chunk);
      });
      incoming.on("error", failed);
      incoming.on("end", () => {
        if (incoming.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
        else reject(new Error(`it answered with status ${incoming.statusCode}`));
      });
    });
    outgoing.on("error", failed);
    outgoing.end();
  });
}
