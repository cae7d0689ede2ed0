import { hash } from "node:crypto";
import { NetworkList, outboundRequest } from "@postern/net";
import type { Clock } from "../../deadlines/clock.js";
import { readAddressLines } from "./address-lines.js";

/** Times in milliseconds: between two polls, and between attempts that fail, which doubles up to that. */
export const POLL_LIMITS = { interval: 300_000, retry: 5_000, bytes: 8 * 1024 * 1024, time: 10_000 } as const;

/** What lists need to be polled. */
export interface PollDependencies {
  readonly clock: Clock;
  /** Fetches the text at a URL. Default: by HTTP. */
  readonly fetch?: (url: string, allowPrivate: boolean) => Promise<string>;
  /** Called when a list cannot be read, with the reason, and not again until it was read. */
  readonly onWarning: (text: string) => void;
}

/** A list of addresses at a URL, which is polled. If it cannot be read, the last one stays. */
export class PolledList {
  readonly url: string;
  /** Undefined until it was read for the first time. */
  list: NetworkList | undefined;
  readonly #allowPrivate: boolean;
  readonly #dependencies: PollDependencies;
  #retry: number = POLL_LIMITS.retry;
  /** The hash of the text of the list. */
  #hash = "";
  #isFailing = false;
  #isClosed = false;
  #cancel: () => void = () => {};

  constructor(url: string, allowPrivate: boolean, dependencies: PollDependencies) {
    this.url = url;
    this.#allowPrivate = allowPrivate;
    this.#dependencies = dependencies;
    void this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #poll(): Promise<void> {
    const { fetch = fetchText } = this.#dependencies;
    let next: number = POLL_LIMITS.interval;
    try {
      this.#read(await fetch(this.url, this.#allowPrivate));
      this.#retry = POLL_LIMITS.retry;
      this.#isFailing = false;
    } catch (error) {
      next = this.#retry;
      this.#retry = Math.min(2 * this.#retry, POLL_LIMITS.interval);
      this.#report(error instanceof Error ? error.message : String(error));
    }
    if (!this.#isClosed) this.#cancel = this.#dependencies.clock.after(next, () => void this.#poll());
  }

  /** Most lists rarely change, and a large one takes long to read. */
  #read(text: string): void {
    // A service that fails may answer with nothing. A list that is empty on purpose has a comment.
    if (this.list !== undefined && text.trim() === "") throw new Error("the response is empty");
    const textHash = hash("sha256", text, "base64");
    if (textHash === this.#hash) return;
    const read = readAddressLines(text);
    if ("line" in read) throw new Error(`line ${read.line} is not an IP address or a network`);
    this.list = new NetworkList(read);
    this.#hash = textHash;
  }

  #report(reason: string): void {
    if (this.#isFailing || this.#isClosed) return;
    this.#isFailing = true;
    const meanwhile = this.list === undefined ? "Visitors get 503 until it can." : "The previous list stays in use.";
    this.#dependencies.onWarning(`The addresses at ${this.url} cannot be read: ${reason}. ${meanwhile}`);
  }
}

async function fetchText(url: string, allowPrivate: boolean): Promise<string> {
  const { status, body } = await outboundRequest({
    url: new URL(url),
    headers: { Accept: "text/plain, */*;q=0.1" },
    allowPrivate,
    limits: POLL_LIMITS,
  });
  if (status !== 200) throw new Error(`the response has the status ${status}`);
  return body;
}
