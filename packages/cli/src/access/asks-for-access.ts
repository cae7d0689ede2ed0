import { tunnelEndpoint, type EndpointConfiguration } from "@postern/config";

/** Whether an access table differs from that of an endpoint without one. */
export function asksForAccess(access: EndpointConfiguration["access"]): boolean {
  return !isDefault(access, tunnelEndpoint.each.entries.access.entries);
}

interface Declared {
  readonly form: string;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, Declared>>;
}

function isDefault(values: object, entries: Readonly<Record<string, Declared>>): boolean {
  return Object.entries(values).every(([name, value]: [string, unknown]) => {
    const declared = entries[name];
    if (declared?.entries !== undefined) return isDefault(value as object, declared.entries);
    return JSON.stringify(value) === JSON.stringify(declared?.default);
  });
}
