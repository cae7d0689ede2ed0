import type { ByteStream } from "@postern/net";

/** Anything that can be dialled for bytes: an address, a tunnel. */
export interface Upstream {
  /** Why it takes no stream now: the way to it is lost, or no more streams fit. Undefined: it takes one. */
  readonly unavailable: "gone" | "full" | undefined;
  /** Whether it may be unreachable although nothing has failed yet. */
  readonly suspect: boolean;
  /** Opens a stream at once. If the upstream cannot be reached, the stream breaks later, with `onReset`. */
  dial(): ByteStream;
}
