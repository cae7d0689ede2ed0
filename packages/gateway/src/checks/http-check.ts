import { Body, ResponseHead } from "../http/index.js";
import type { HttpCheckOptions } from "./check-options.js";
import type { Script } from "./conversation.js";

/** What a target's log shows about checks. */
export const USER_AGENT = "Postern-Health-Check";

/** Sends a request, and compares the status and the body of the response. @param authority the target's own */
export function httpCheck(
  { method, path, host, statuses, contains }: HttpCheckOptions,
  authority: string | undefined,
): Script {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host ?? authority ?? "localhost"}`,
    `User-Agent: ${USER_AGENT}`,
    "Accept: */*",
    "Connection: close",
  ];
  const head = new ResponseHead();
  return {
    opening: Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"),
    read(received, isEnd) {
      let at = 0;
      do {
        const length = head.read(received, at, received.length, method, "");
        if (length < 0) return { fault: "its response is not valid HTTP" };
        if (length === 0) return "wait";
        at += length;
      } while (head.status < 200);
      if (!statuses.includes(head.status)) return { fault: `it responded with ${head.status}` };
      if (contains === undefined) return { fault: undefined };
      const content = contentOf(head, received.subarray(at), isEnd);
      if (content === undefined) return { fault: "its response is not valid HTTP" };
      if (content.bytes.includes(contains)) return { fault: undefined };
      return content.isWhole ? { fault: `its body does not contain ${JSON.stringify(contains)}` } : "wait";
    },
  };
}

/** The content of a body without its framing; undefined if it is not valid. */
function contentOf(
  { body: framing, contentLength }: ResponseHead,
  bytes: Buffer,
  isEnd: boolean,
): { bytes: Buffer; isWhole: boolean } | undefined {
  const body = new Body();
  const parts: Buffer[] = [];
  body.begin(framing, contentLength, "data");
  const sink = { passBody: (chunk: Buffer, own: number) => void parts.push(chunk.subarray(0, chunk.length - own)) };
  if (body.read(bytes, 0, sink) < 0) return undefined;
  return { bytes: Buffer.concat(parts), isWhole: body.done || (framing === "close" && isEnd) };
}
