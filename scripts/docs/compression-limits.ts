import { COMPRESSION_LIMITS } from "@postern/gateway/service";
import { size } from "./quantity.ts";

const { memory, held, atOnce, perTurn, whole, threads } = COMPRESSION_LIMITS;

/** The limits of the compression of responses: what is limited, the value, and what happens beyond it. */
export const COMPRESSION_ROWS: [limited: string, value: string, beyond: string][] = [
  [
    "memory of responses that are being compressed and are not complete: of all, and of a visitor (compression.md)",
    `${size(memory)}, and half of what the other visitors leave`,
    `the response is not compressed; one of at most ${size(whole)} is when all of it has arrived`,
  ],
  [
    "size of a response of known length that is sent with its new length",
    size(held),
    "the response is sent in chunks, as its pieces arrive",
  ],
  [
    "size of a response that is compressed without a thread, in zstd, Brotli and gzip, and of all of them in a turn of the event loop, in gzip or Brotli (in zstd: three times as much)",
    `${size(atOnce.zstd)}, ${size(atOnce.br)} and ${size(atOnce.gzip)}; ${size(perTurn)}`,
    "a thread compresses it",
  ],
  [
    "responses that threads compress at the same time",
    String(threads),
    "the other responses wait; visitors take turns",
  ],
];
