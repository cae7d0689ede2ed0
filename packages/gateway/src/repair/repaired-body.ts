import { Body, type ChunkReader } from "../http/index.js";
import { PaddedChunkReader } from "./padded-chunk-reader.js";
import type { ResponseRepair } from "./response-repair.js";

/** Follows the body of a response. */
export class RepairedBody extends Body {
  readonly #onRepair: (repair: ResponseRepair) => void;

  constructor(onRepair: (repair: ResponseRepair) => void) {
    super();
    this.#onRepair = onRepair;
  }

  protected override newChunkReader(): ChunkReader {
    return new PaddedChunkReader(() => this.#onRepair("padded_chunk_size"));
  }
}
