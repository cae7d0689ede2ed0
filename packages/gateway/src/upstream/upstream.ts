import type { ByteStream } from "@postern/net";

/** A destination that can be dialled: an address or a tunnel. */
export interface Upstream {
  /**
   * Why it accepts no stream now: `gone`, it is unreachable; `full`, the limit of streams is reached. Undefined if it
   * accepts one.
   */
  readonly unavailable: "gone" | "full" | undefined;
  /** Whether it may be unreachable although nothing has failed yet. */
  readonly suspect: boolean;
  /**
   * Opens a stream and returns it at once. If the upstream cannot be reached, the stream breaks later, with `onReset`.
   */
  dial(): ByteStream;
}
