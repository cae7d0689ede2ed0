import type { ByteStream } from "@postern/net";
import type { AttemptOutcome } from "./attempt.js";

/** A destination that can be dialled: an address or a tunnel. */
export interface Upstream {
  /**
   * Why it accepts no stream now: `gone`, it is unreachable; `full`, the limit of streams is reached. Undefined if it
   * accepts one.
   */
  readonly unavailable: "gone" | "full" | undefined;
  /** For logs: its host and port, the path of its socket, or undefined if the route says enough. */
  readonly name?: string;
  /** Tells it from other upstreams for policies that depend on it across restarts. Default: its name. */
  readonly key?: string;
  /** For Host: the host and port that it is reached by; undefined if it has no address of its own. */
  readonly authority?: string;
  /** The Host for it on a route with TARGET_HOST. Default: its authority. */
  readonly hostHeader?: string | undefined;
  /** Its share of the requests, if it is one of several in a place where one target is configured. Default 1. */
  readonly weight?: number;
  /** The path of its URL, below which a route's path edit puts requests. Empty if that is `/`. Default: empty. */
  readonly basePath?: string;
  /** Idle streams that may be kept to it. Default: any number. */
  readonly mostIdle?: number;
  /** Whether it may be unreachable although nothing has failed yet. */
  readonly suspect: boolean;
  /** Whether it accepted no connection recently. Other upstreams are used instead, if there are any. Default: false. */
  readonly down?: boolean;
  /** When it accepted a connection again after it was down, in milliseconds. Default: it never was. */
  readonly upSince?: number;
  /**
   * Makes a connection and closes it at once. `done` is called later with the reason why that failed, or undefined.
   * @returns cancels it; `done` is not called then
   */
  connect?(timeout: number, done: (fault: string | undefined) => void): () => void;
  /** Finds out whether it accepts connections again. Call it about once a second. */
  recheck?(): void;
  /** A target's attempt to use it is over. */
  onOutcome?(outcome: AttemptOutcome): void;
  /**
   * Opens a stream and returns it at once. If the upstream cannot be reached, the stream breaks later, with `onReset`.
   */
  dial(): ByteStream;
}
