import { createHash } from "node:crypto";
import { request } from "node:http";
import type { UploadReceipt } from "./bulk-origin.js";

/**
 * Downloads a body of any size from a loopback port, and keeps none of it. Rejects when the response is cut off.
 * @param host the Host header
 */
export function download(port: number, host: string, path: string): Promise<UploadReceipt> {
  const hash = createHash("sha256");
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: "127.0.0.1", path, headers: { host }, agent: false });
    asking.on("error", reject);
    asking.on("response", (response) => {
      response.on("data", (piece: Buffer) => {
        hash.update(piece);
        bytes += piece.length;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ bytes, sha256: hash.digest("hex") }));
    });
    asking.end();
  });
}
