import { option, section } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { integer } from "../kinds/number.js";
import { size } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

/** Text, and binary formats that are not compressed themselves. */
const TYPES = [
  "text/*",
  "application/*+json",
  "application/*+xml",
  "application/javascript",
  "application/json",
  "application/jsonl",
  "application/rtf",
  "application/toml",
  "application/vnd.apple.mpegurl",
  "application/vnd.ms-fontobject",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/x-yaml",
  "application/xml",
  "application/yaml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/svg+xml",
  "image/vnd.microsoft.icon",
  "image/x-icon",
];

const TOKEN = "[!#$%&'+.^_`|~0-9A-Za-z-]+";
const mediaType = text({
  what: "media type",
  pattern: new RegExp(String.raw`^(?:\*/\*|${TOKEN}/(?:\*(?:\+${TOKEN})?|${TOKEN}))$`),
  example: "text/html",
});

/** `[proxy.middleware.compression]` */
export const compression = section(
  "Compression of responses. The table turns it on; each visitor gets a coding that it accepts. See compression.md.",
  {
    gzip: option(flag(), "Compress with gzip.", { default: true }),
    brotli: option(flag(), "Compress with Brotli.", { default: false }),
    zstd: option(flag(), "Compress with zstd. Default: as gzip."),
    threshold_bytes: option(
      size(),
      "Minimum size of a body to compress. A body whose size is not known in advance is always compressed.",
      { default: 1_024 },
    ),
    level: option(
      integer({ min: 0, max: 11 }),
      "Compression level: 1 is the fastest, 0 turns compression off. It counts as at most 6 for gzip, 5 for Brotli and 3 for zstd. Default: 6 for gzip, 4 for Brotli, 3 for zstd.",
    ),
    types: option(
      list(mediaType),
      "Media types to compress, in place of the default ones. An entry can be `text/*` for all subtypes, or `application/*+json` for all that end with `+json`.",
      { default: TYPES },
    ),
  },
);
