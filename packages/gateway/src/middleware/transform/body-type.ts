const JSON_TYPES = new Set(["application/json", "text/json", "application/problem+json"]);
/** Texts that follow each other in one body. */
const SEQUENCE_TYPES = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonl",
]);
const TEXT_TYPES = new Set([
  "application/ecmascript",
  "application/graphql",
  "application/javascript",
  "application/sql",
  "application/toml",
  "application/x-javascript",
  "application/x-sh",
  "application/x-www-form-urlencoded",
  "application/x-yaml",
  "application/xml",
  "application/xml-dtd",
  "application/yaml",
]);
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"]*)"|([^;,"\s]+))/i;

/** What Content-Type says about a body. */
export interface BodyType {
  /** JSON texts: one, or a sequence of them. */
  readonly isJson: boolean;
  readonly isSequence: boolean;
  /** Text, JSON included. */
  readonly isText: boolean;
  readonly isEventStream: boolean;
  /** In lower case; empty if there is none. */
  readonly charset: string;
}

/**
 * @param value of Content-Type; the values of several fields are joined by commas. A body is of a type if one of them
 * names it: a target may use any of them
 */
export function bodyType(value: string): BodyType {
  const types = value.split(",").map((each) => each.split(";")[0]!.trim().toLowerCase());
  const isSequence = types.some((type) => SEQUENCE_TYPES.has(type));
  const isJson = isSequence || types.some((type) => JSON_TYPES.has(type) || type.endsWith("+json"));
  const isText =
    isJson || types.some((type) => type.startsWith("text/") || TEXT_TYPES.has(type) || type.endsWith("+xml"));
  const [, quoted, plain] = CHARSET.exec(value) ?? [];
  const charset = (quoted ?? plain ?? "").trim().toLowerCase();
  return { isJson, isSequence, isText, isEventStream: types.includes("text/event-stream"), charset };
}

/** A value of Content-Type with UTF-8 as its charset. */
export function withUtf8(value: string): string {
  return value.replace(CHARSET, "; charset=utf-8");
}
