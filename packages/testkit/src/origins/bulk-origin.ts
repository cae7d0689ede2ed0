import { createHash } from "node:crypto";
import { pipeline } from "node:stream";
import type { Defer } from "../cleanup.js";
import { Origin } from "./origin.js";
import { patternStream } from "../pattern.js";

/** The JSON body of the response to an upload. */
export interface UploadReceipt {
  bytes: number;
  sha256: string;
}

/**
 * Large bodies in both directions. `GET /?bytes=N` returns the first N bytes of the pattern (with `&chunked`, without a
 * length). A request with another method returns an UploadReceipt.
 */
export function startBulkOrigin(defer: Defer): Promise<Origin> {
  return Origin.start(defer, (incoming, outgoing) => {
    if (incoming.method !== "GET") {
      const hash = createHash("sha256");
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
      });
      incoming.on("end", () => {
        const receipt: UploadReceipt = { bytes, sha256: hash.digest("hex") };
        outgoing.setHeader("content-type", "application/json");
        outgoing.end(JSON.stringify(receipt));
      });
      return;
    }
    const { searchParams } = new URL(incoming.url ?? "/", "http://origin.invalid");
    const bytes = Number(searchParams.get("bytes") ?? 0);
    outgoing.setHeader("content-type", "application/octet-stream");
    if (!searchParams.has("chunked")) outgoing.setHeader("content-length", bytes);
    // Errors are ignored: Origin records a visitor that leaves early.
    pipeline(patternStream(bytes), outgoing, () => {});
  });
}
