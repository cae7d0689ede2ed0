/**
 * What is repaired in the responses of origins, and why a client or another proxy would read it in the same way. Logs,
 * events and metrics use these words.
 */
export const RESPONSE_REPAIRS = {
  bare_lf: "A line of the head ends with LF alone. RFC 9112 2.2 allows a reader to accept it.",
  folded_field: "A field continues on the next line. The lines are joined with one space (RFC 9112 5.2).",
  space_before_colon: "White space between a field name and its colon is removed (RFC 9112 5.1).",
  control_byte: "A control byte in a field value, other than NUL and CR, becomes a space (RFC 9110 5.5).",
  repeated_length: "Content-Length is repeated with the same number, and is sent once (RFC 9112 6.3).",
  length_beside_chunks: "Content-Length beside `Transfer-Encoding: chunked` is removed (RFC 9112 6.3).",
  padded_chunk_size: "White space between a chunk's size and the end of its line is removed.",
} as const;
export type ResponseRepair = keyof typeof RESPONSE_REPAIRS;
