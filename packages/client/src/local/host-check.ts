/**
 * Development servers that refuse requests for hosts that they do not know, by the text of their refusal. They do this
 * against DNS rebinding.
 */
const REFUSALS: readonly (readonly [software: string, text: RegExp])[] = [
  // Also Angular, Astro, Nuxt, SvelteKit and others that are built on Vite.
  ["Vite", /Blocked request\. This host \(/],
  ["webpack-dev-server", /Invalid Host header/i],
  ["Rails", /Blocked hosts?:/],
  ["Django", /DisallowedHost|Invalid HTTP_HOST header/],
  ["Jupyter", /Blocking request with non-local 'Host'/],
  ["Storybook", /\r\n\r\nInvalid host$/i],
];

/** Bytes of a response that are searched. The pages of some frameworks begin with their styles. */
export const SEARCHED_BYTES = 8 * 1024;
/** Chunks of a response that are searched, so that the work does not grow with the square of their number. */
export const SEARCHED_CHUNKS = 8;

/** Where the status is in a response: `HTTP/1.1 403`. */
const STATUS_AT = 9;
const [FOUR, ZERO, THREE] = Buffer.from("403") as unknown as [number, number, number];

/** Before version 5, webpack-dev-server refuses with status 200 and a short response that ends with this. */
const WEBPACK_BODY = Buffer.from("\r\n\r\nInvalid Host header");
const LONGEST_WEBPACK = 1_024;

/** Whether a response that begins with `chunk` may be such a refusal: it has status 400 or 403, or is webpack's. */
export function mayRefuseHost(chunk: Buffer): boolean {
  const last = chunk[STATUS_AT + 2];
  if (chunk[STATUS_AT] === FOUR && chunk[STATUS_AT + 1] === ZERO && (last === ZERO || last === THREE)) return true;
  return chunk.length <= LONGEST_WEBPACK && chunk.includes(WEBPACK_BODY, -WEBPACK_BODY.length);
}

/** The software that refuses the host with this response; undefined if it is another response. */
export function hostCheckOf(response: string): string | undefined {
  return REFUSALS.find(([, text]) => text.test(response))?.[0];
}
