import { PathReadings } from "./path-readings.js";
import { scanPath } from "./path-scan.js";

const readings = new PathReadings();

/**
 * Whether `..` leads above the beginning of a path in some reading of it, so that it leaves what comes before it. Also
 * true for a path with too many readings.
 * @param target path and query, or a URL
 * @param start where the path begins, with a slash; the end of the text or a query: there is no path
 */
export function climbsOut(target: string, start = 0): boolean {
  const scanned = scanPath(target, start);
  if (scanned >= 0) return false;
  readings.begin(target, start, ~scanned, 0);
  while (readings.next()) if (readings.climbs) return true;
  return readings.isExhausted;
}
