export { HeadRepair } from "./head-repair.js";
export { PaddedChunkReader } from "./padded-chunk-reader.js";
export { RepairedBody } from "./repaired-body.js";
export { RESPONSE_REPAIRS, type ResponseRepair } from "./response-repair.js";
