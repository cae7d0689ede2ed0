import type { EventFilter } from "@postern/client/status";

/**
 * Parses a query for events: `type` (one or more names, separated by commas), `endpoint`, `since` (ISO 8601). Undefined
 * when it is invalid.
 */
export function eventQuery(query: URLSearchParams): EventFilter | undefined {
  const types = query.getAll("type").flatMap((each) => each.split(","));
  const [endpoint, more] = query.getAll("endpoint");
  const [since, evenMore] = query.getAll("since");
  if (more !== undefined || evenMore !== undefined) return undefined;
  const time = since === undefined ? undefined : timeOf(since);
  if (Number.isNaN(time)) return undefined;
  return {
    ...(types.length === 0 ? {} : { types: new Set(types) }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(time === undefined ? {} : { since: time }),
  };
}

/** Accepts only ISO 8601, because the meaning of other formats depends on the machine. */
function timeOf(text: string): number {
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
}
