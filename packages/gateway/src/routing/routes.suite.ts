import fc from "fast-check";
import type { RoutedRequest, RouteMatch } from "./route-match.js";

/** A request as routing reads it. */
export interface PlainRequest {
  method: string;
  host: string;
  path: string;
  address: string;
  fields: Record<string, string>;
}

export function routed(request: Partial<PlainRequest>): RoutedRequest {
  const { fields = {}, ...rest } = request;
  const empty = { method: "GET", host: "a.test", path: "/", address: "192.0.2.1" };
  return { ...empty, ...rest, fieldValue: (name) => fields[name] ?? "" };
}

const PATH_PARTS = [
  "a b ab admin / / / // . .. /.. /../ /./ ; ;x \\ %",
  "%2e %2E%2e %2f %2F %5c %3b %252e %252f %255C %61 %2561 %25 %2 2f",
  "%c0%af %c0%ae %e0%80%af %c0 %af %u002e %u002F %C3%A9 %20",
].flatMap((line) => line.split(" "));

/** Paths with all that servers read in different ways. They have no query and no NUL. */
export const ambiguousPaths = fc
  .array(fc.constantFrom(...PATH_PARTS), { maxLength: 12 })
  .map((parts) => `/${parts.join("")}`);

const DOTS = [
  "..",
  "%2e%2e",
  ".%2E",
  "%2e.",
  "%252e%252e",
  "..;",
  "..;x=1",
  "%2e%2e%3b",
  "%c0%ae%c0%ae",
  "%u002e%u002e",
];
const SEPARATORS = ["/", "%2f", "%2F", "\\", "%5c", "%252f", "%255C", "%c0%af", "%u002f", ";/", "//", "/./"];

/** Paths that lead out of the folder in which they begin, in some reading. Below one more segment they do not. */
export const TRAVERSALS: readonly string[] = DOTS.flatMap((dots) => [
  `/${dots}`,
  ...SEPARATORS.map((separator) => `/${dots}${separator}secret`),
]);

const HOSTS = ["a.test", "b.a.test", "c.b.a.test", "b.test", "other.test"];
const hosts = fc.constantFrom(...HOSTS, "*.a.test", "*.b.a.test", "*.test", undefined, undefined);
const segments = fc.constantFrom("a", "ab", "b", "admin", "é");
const paths = fc
  .tuple(fc.array(segments, { maxLength: 3 }), fc.constantFrom("", "", "/", "/*", "/*"))
  .map(([names, end]) => `/${names.join("/")}${end}`)
  .map((path) => path.replaceAll("//", "/"));

/** A condition is rare, so that many routes have none. */
function rarely<T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: values, weight: 1 });
}

const values = fc.constantFrom("1", "2", "*");
const conditions = fc.uniqueArray(fc.tuple(fc.constantFrom("x", "y"), values), {
  minLength: 1,
  maxLength: 2,
  selector: ([name]) => name,
});

/** Which requests a route takes. They overlap often. */
export const matches: fc.Arbitrary<RouteMatch> = fc.record({
  host: hosts,
  path: paths,
  methods: rarely(fc.uniqueArray(fc.constantFrom("GET", "POST", "PUT", "HEAD"), { minLength: 1, maxLength: 3 })),
  headers: rarely(conditions.map((entries) => new Map(entries))),
  query: rarely(conditions.map((entries) => new Map(entries))),
  clientIps: rarely(fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::1"), { minLength: 1 })),
});

const queries = fc
  .array(fc.constantFrom("x=1", "x=2", "x", "y=1", "%79=2", "z=1", "x=%31"), { maxLength: 3 })
  .map((all) => (all.length === 0 ? "" : `?${all.join("&")}`));
const plainPaths = fc
  .tuple(fc.array(segments, { maxLength: 4 }), fc.constantFrom("", "", "/"))
  .map(([names, end]) => encodeURI(`/${names.join("/")}${end}`).replaceAll("//", "/"));

/** Requests that such routes take often. */
export const requests: fc.Arbitrary<PlainRequest> = fc.record({
  method: fc.constantFrom("GET", "GET", "POST", "PUT", "HEAD", "PATCH"),
  host: fc.constantFrom(...HOSTS, ""),
  path: fc
    .tuple(fc.oneof({ arbitrary: plainPaths, weight: 2 }, { arbitrary: ambiguousPaths, weight: 1 }), queries)
    .map((parts) => parts.join("")),
  address: fc.constantFrom("10.0.0.1", "10.1.0.1", "10.1.2.3", "192.0.2.1", "::1", "2001:db8::1"),
  fields: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2", "3"), { maxKeys: 2 }),
});
