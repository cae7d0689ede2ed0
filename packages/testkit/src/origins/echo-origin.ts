import { createHash } from "node:crypto";
import type { Defer } from "../cleanup.js";
import type { Exchange } from "../network/exchange.js";
import { Origin } from "./origin.js";

/** The JSON body of an echo origin's response: the request as it arrived. */
export interface Echo {
  method: string;
  url: string;
  rawHeaders: string[];
  body: { bytes: number; sha256: string; text: string };
}

/** Returns each request to its visitor as JSON. */
export function startEchoOrigin(defer: Defer): Promise<Origin> {
  return Origin.start(defer, (incoming, outgoing) => {
    const hash = createHash("sha256");
    let bytes = 0;
    let text = "";
    incoming.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes < 4096) text += chunk.toString("latin1");
    });
    incoming.on("end", () => {
      const { method = "", url = "", rawHeaders } = incoming;
      const echo: Echo = { method, url, rawHeaders, body: { bytes, sha256: hash.digest("hex"), text } };
      const response = Buffer.from(JSON.stringify(echo));
      outgoing.setHeader("content-type", "application/json");
      outgoing.setHeader("content-length", response.length);
      outgoing.end(response);
    });
  });
}

/** The values of one field, in their order and spelling. The name is compared case-insensitively. */
export function fieldValues(rawHeaders: string[], name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** Parses the response of an echo origin. Throws unless its status is 200. */
export function echoed({ status, body }: Exchange): Echo {
  if (status !== 200) throw new Error(`not an echo but ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as Echo;
}
