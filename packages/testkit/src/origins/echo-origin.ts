import { createHash } from "node:crypto";
import type { Defer } from "../cleanup.js";
import type { Exchange } from "../network/exchange.js";
import { Origin } from "./origin.js";

/** What an echo origin answers with, as JSON: the request as it arrived. */
export interface Echo {
  method: string;
  url: string;
  rawHeaders: string[];
  body: { bytes: number; sha256: string; text: string };
}

/** Tells each visitor what reached it. */
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
      const answer = Buffer.from(JSON.stringify(echo));
      outgoing.setHeader("content-type", "application/json");
      outgoing.setHeader("content-length", answer.length);
      outgoing.end(answer);
    });
  });
}

/** The values of one field, in the order and the spelling in which they arrived. */
export function fieldValues(rawHeaders: string[], name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** What an echo origin told in this answer. Throws when somebody else answered. */
export function echoed({ status, body }: Exchange): Echo {
  if (status !== 200) throw new Error(`no echo, but ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as Echo;
}
