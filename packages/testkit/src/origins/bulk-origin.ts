import { createHash } from "node:crypto";
import { pipeline } from "node:stream";
import type { Defer } from "../cleanup.js";
import { Origin } from "./origin.js";
import { patternStream } from "../pattern.js";

/** What an upload is answered with. */
export interface UploadReceipt {
  bytes: number;
  sha256: string;
}

/**
 * Big bodies both ways. `GET /?bytes=N` answers with the first N bytes of the pattern (`&chunked` without a length);
 * any request with a body is answered with an UploadReceipt.
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
    // A visitor that leaves is no news here: Origin remembers it.
    pipeline(patternStream(bytes), outgoing, () => {});
  });
}
