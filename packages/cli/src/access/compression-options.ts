import type { RouteConfiguration } from "@postern/config";
import { HIGHEST_LEVELS, type CompressionOptions } from "@postern/gateway/service";

/** The levels without the option `level`: those with the best result for their time. */
const USUAL_LEVELS = { zstd: 3, br: 4, gzip: 6 } as const;

/** What `[proxy.middleware.compression]` says; undefined: nothing is compressed. The table must be in the file. */
export function compressionOf({ middleware: { compression } }: RouteConfiguration): CompressionOptions | undefined {
  const { gzip, brotli, zstd = gzip, level, threshold_bytes: threshold, types } = compression;
  if (level === 0) return undefined;
  const levelOf = (name: keyof typeof USUAL_LEVELS): number =>
    Math.min(level ?? USUAL_LEVELS[name], HIGHEST_LEVELS[name]);
  const levels = {
    ...(zstd && { zstd: levelOf("zstd") }),
    ...(brotli && { br: levelOf("br") }),
    ...(gzip && { gzip: levelOf("gzip") }),
  };
  return Object.keys(levels).length === 0 ? undefined : { levels, threshold, types };
}
