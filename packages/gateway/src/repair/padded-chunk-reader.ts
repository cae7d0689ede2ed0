import { ChunkReader } from "../http/index.js";

/**
 * Follows the chunked body of a response, whose sizes may be followed by white space: some small servers write them
 * with a fixed width. Requests have no such reader.
 */
export class PaddedChunkReader extends ChunkReader {
  readonly #onPadding: () => void;

  /** @param onPadding called for each size that ends with white space. */
  constructor(onPadding: () => void) {
    super();
    this.#onPadding = onPadding;
  }

  protected override endsPadded(): boolean {
    this.#onPadding();
    return true;
  }
}
