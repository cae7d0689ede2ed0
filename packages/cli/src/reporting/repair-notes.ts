import type { RequestRepair, TunnelEventData } from "@postern/client";

const FLAWS: Readonly<Record<RequestRepair, string>> = {
  bare_lf: "a line of the head ends with LF alone, not with CR LF",
  folded_field: "a header continues on the next line",
  space_before_colon: "there is white space before the colon of a header",
  control_byte: "the value of a header contains a control character",
  repeated_length: "Content-Length is repeated",
  length_beside_chunks: "Content-Length is sent together with Transfer-Encoding: chunked",
  padded_chunk_size: "there is white space after the size of a chunk",
  shared_cookie: "browsers would send a cookie to other tunnels too",
};

/** Describes the flaws in the responses of one service that the server repairs. Each kind is described once. */
export class RepairNotes {
  readonly #seen = new Set<RequestRepair>();

  /** The notes about a request: one for each kind of flaw that no earlier response had. */
  of(request: TunnelEventData["http_request"]): string[] {
    const repairs = (request.omitted === undefined ? request.repairs : undefined) ?? [];
    const added = repairs.filter((repair) => Object.hasOwn(FLAWS, repair) && !this.#seen.has(repair));
    for (const repair of added) this.#seen.add(repair);
    return added.map(
      (repair) => `The local service sends flawed responses: ${FLAWS[repair]}. The server repairs them (${repair}).`,
    );
  }
}
