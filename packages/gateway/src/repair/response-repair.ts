/**
 * What the gateway repairs in responses of origins. Records, logs and metrics use these words; docs/http.md explains
 * them.
 */
export const RESPONSE_REPAIRS = [
  /** A line of the head ends with LF alone (RFC 9112 2.2). */
  "bare_lf",
  /** A field continues on the next line; the lines are joined with a space (RFC 9112 5.2). */
  "folded_field",
  /** White space between a field name and its colon is removed (RFC 9112 5.1). */
  "space_before_colon",
  /** A control byte in a field value, other than NUL and CR, becomes a space (RFC 9110 5.5). */
  "control_byte",
  /** Content-Length, repeated with the same number, is sent once (RFC 9112 6.3). */
  "repeated_length",
  /** Content-Length beside `Transfer-Encoding: chunked` is removed (RFC 9112 6.3). */
  "length_beside_chunks",
  /** White space between the size of a chunk and the end of its line is removed. */
  "padded_chunk_size",
  /** A cookie for the base domain or a domain above it is dropped, because all tunnels would receive it. */
  "shared_cookie",
] as const;
export type ResponseRepair = (typeof RESPONSE_REPAIRS)[number];
