import type { StatusDocument } from "@postern/client/status";
import { builtins } from "@postern/net";
import type { RunningClient } from "../monitoring/run-file.js";

/** The result of querying one client. */
export interface ClientResponse {
  client: RunningClient;
  /** Undefined when it did not respond. */
  document?: StatusDocument;
  /** Why there is no document. */
  trouble?: string;
  /** Whether the client has ended: nothing, or another process, listens at its address. */
  isGone: boolean;
}

/** Milliseconds for a complete response. */
const TIMEOUT = 3_000;
/** Bytes of a response. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Fetches the status of a running client. Never throws. */
export async function queryClient(client: RunningClient): Promise<ClientResponse> {
  try {
    const document = JSON.parse(await bodyOf(client)) as StatusDocument;
    if (document.pid !== client.pid) return { client, trouble: "the client has exited", isGone: true };
    if (document.schema !== 1 || !Array.isArray(document.endpoints))
      return { client, trouble: "it runs an incompatible version of Postern", isGone: false };
    return { client, document, isGone: false };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      client,
      trouble: code === "ECONNREFUSED" ? "connection refused" : message,
      isGone: code === "ECONNREFUSED",
    };
  }
}

function bodyOf({ api, token }: RunningClient): Promise<string> {
  const url = `${api}/api/status`;
  const headers = { Accept: "application/json", ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const failed = (error: Error): void => reject(signal.aborted ? new Error("no response") : error);
    const outgoing = builtins.http.request(url, { agent: false, signal, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) incoming.destroy(new Error("the response is too long"));
        chunks.push(chunk);
      });
      incoming.on("error", failed);
      incoming.on("end", () => {
        if (incoming.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
        else reject(new Error(`the response has status ${incoming.statusCode}`));
      });
    });
    outgoing.on("error", failed);
    outgoing.end();
  });
}
