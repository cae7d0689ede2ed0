import { askAll, type Answer } from "./pipeline.ts";
import type { Relayed } from "./relayed.ts";
import type { RealServer } from "./servers.ts";

/** How a server treated one request: it read it as the gateway did, refused it, or read it differently. */
export type Verdict =
  { kind: "same" } | { kind: "refused"; status: number } | { kind: "different"; seen: string; expected: string };

const SAME: Verdict = { kind: "same" };

/** Sent after every request on its connection. A server that responds to it has found the same end of the request. */
const MARKER = Buffer.from("GET /marker HTTP/1.1\r\nHost: marker\r\n\r\n");
const MARKER_SEEN = /^GET\|\/marker\|marker\|[-0]$/;

/** Sends all requests to a server, many on each connection. */
export async function verdictsOf(server: RealServer, requests: readonly Relayed[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  while (verdicts.length < requests.length) {
    const end = requests.findIndex(({ upgrades }, n) => upgrades && n >= verdicts.length);
    const rest = requests.slice(verdicts.length, end < 0 ? requests.length : end);
    const answers =
      rest.length === 0
        ? []
        : await askAll(
            server.port,
            rest.flatMap(({ bytes }) => [bytes, MARKER]),
          );
    for (let n = 0; n < rest.length && answers.length >= 2 * n + 2; n++) {
      const verdict = judge(server, rest[n]!, answers[2 * n]!, answers[2 * n + 1]!);
      if (verdict !== SAME) break;
      verdicts.push(verdict);
    }
    // The request at which the server stopped is sent alone, because a connection that ends discards other responses
    // too.
    if (verdicts.length < requests.length) verdicts.push(await verdictAlone(server, requests[verdicts.length]!));
  }
  return verdicts;
}

async function verdictAlone(server: RealServer, request: Relayed): Promise<Verdict> {
  const [answer, marker] = await askAll(server.port, request.upgrades ? [request.bytes] : [request.bytes, MARKER]);
  if (answer === undefined) return { kind: "different", seen: "no answer", expected: expected(server, request) };
  if (answer.seen === undefined) return { kind: "refused", status: answer.status };
  return judge(server, request, answer, marker);
}

function judge(server: RealServer, request: Relayed, answer: Answer, marker: Answer | undefined): Verdict {
  const wanted = expected(server, request);
  if (answer.seen !== wanted)
    return { kind: "different", seen: answer.seen ?? `status ${answer.status}`, expected: wanted };
  if (request.upgrades) return SAME;
  if (marker?.seen !== undefined && MARKER_SEEN.test(marker.seen)) return SAME;
  const next = marker === undefined ? "nothing" : (marker.seen ?? `status ${marker.status}`);
  return { kind: "different", seen: `it, then ${next}`, expected: `${wanted}, then the marker` };
}

function expected({ countsBodies, normalized }: RealServer, { method, target, host, length }: Relayed): string {
  return `${method}|${normalized(target)}|${host}|${countsBodies ? length : "-"}`;
}
