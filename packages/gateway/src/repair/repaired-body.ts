import { Body, type ChunkReader, type HeadLimits } from "../http/index.js";
import { PaddedChunkReader } from "./padded-chunk-reader.js";
import type { ResponseRepair } from "./response-repair.js";

/** Follows the body of a response. */
export class RepairedBody extends Body {
  readonly #onRepair: (repair: ResponseRepair) => void;

  constructor(onRepair: (repair: ResponseRepair) => void, trailerLimits: HeadLimits) {
    super(trailerLimits);
    this.#onRepair = onRepair;
  }

  protected override newChunkReader(trailerLimits: HeadLimits): ChunkReader {
    return new PaddedChunkReader(() => this.#onRepair("padded_chunk_size"), trailerLimits);
  }
}
