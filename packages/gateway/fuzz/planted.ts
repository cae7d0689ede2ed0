/**
 * Plants mistakes in the build when it is loaded, one at a time, and runs a fuzzer, which has to find each one.
 *
 *     node packages/gateway/fuzz/planted.ts [--seconds 20] [--only name]
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Mistake } from "./plant.ts";

const MISTAKES: readonly Mistake[] = [
  {
    name: "control byte in a value",
    file: "octet.js",
    right: "byte === HTAB",
    wrong: "byte === HTAB || byte === 0x0b",
  },
  {
    name: "anything ends a line",
    file: "field-line.js",
    right: "bytes[at + 1] === LF ? at + 2",
    wrong: "true ? at + 2",
  },
  { name: "repeated length", file: "framing.js", right: "fields.repeats(Field.contentLength)", wrong: "false" },
  { name: "length and chunks", file: "framing.js", right: "if (this.contentLength >= 0)", wrong: "if (false)" },
  { name: "chunks in HTTP/1.0", file: "framing.js", right: "versionMinor === 0 ||", wrong: "" },
  { name: "forged identity passes", file: "field-name.js", right: '"x-real-ip"', wrong: '"x-real-ipp"' },
  { name: "underscores pass", file: "octet.js", right: "DASH : 0", wrong: "byte : 0" },
  {
    name: "Connection deletes Host",
    file: "field-section.js",
    right: "fieldSet(Field.setCookie",
    wrong: "fieldSet(Field.host, Field.setCookie",
  },
  {
    name: "field named in Connection is kept",
    file: "connection-options.js",
    right: "fields.demote(",
    wrong: "void (",
  },
  { name: "chunk data without CRLF", file: "chunk-reader.js", right: "if (byte !== CR)", wrong: "if (false)" },
  { name: "last chunk too early", file: "chunk-reader.js", right: "this.#size === 0 || this", wrong: "this" },
  { name: "trailer that frames", file: "trailers.js", right: "~fieldSet(Field.other)", wrong: "0" },
  { name: "304 with a body", file: "response-head.js", right: "this.status === 304 ||", wrong: "" },
  {
    name: "different lengths merged",
    file: "head-repair.js",
    right: "others.some((other) => other !== first)",
    wrong: "false",
  },
  {
    name: "control byte in a length repaired",
    file: "head-repair.js",
    right: 'field.key === "content-length" ||',
    wrong: "",
  },
  { name: "bare LF not reported", file: "head-repair.js", right: '(match[2] === "\\n")', wrong: "(false)" },
  {
    name: "a span too short",
    file: "field-section.js",
    right: "from = this.#start(index + 1)",
    wrong: "from = this.#start(index + 1) + 1",
  },
  {
    name: "a prefix without a slash after it",
    script: "routes.ts",
    file: "path-tree.js",
    right: "code === SLASH && node.prefix",
    wrong: "node.prefix",
  },
  {
    name: "conditions do not count",
    script: "routes.ts",
    file: "specificity.js",
    right: "other.conditions.count - one.conditions.count ||",
    wrong: "",
  },
  {
    name: "the conditions of the request before",
    script: "routes.ts",
    file: "rule.js",
    right: "this.#lookup === lookup",
    wrong: "this.#lookup > 0",
  },
  {
    name: "no less specific host",
    script: "routes.ts",
    file: "routes-by-host.js",
    right: "routes.next = next",
    wrong: "routes.next = undefined",
  },
  {
    name: "the last of repeated parameters",
    script: "routes.ts",
    file: "query-parameters.js",
    right: "isSame ? value : undefined",
    wrong: "value",
  },
  {
    name: "no second decoding",
    script: "routes.ts",
    file: "path-readings.js",
    right: "(decoded.traits & Trait.percent) !== 0",
    wrong: "false",
  },
  {
    name: "no slashes are merged",
    script: "routes.ts",
    file: "path-readings.js",
    right: "!(size === 0 && merges)",
    wrong: "true",
  },
];

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "20" }, only: { type: "string" } },
});

/** A fuzzer's output with this mistake planted, or with none. */
function fuzz(mistake: Mistake | undefined, name = mistake?.script ?? "http.ts"): string {
  const seconds = mistake === undefined ? "2" : options.seconds;
  const script = resolve(import.meta.dirname, name);
  const planted = mistake === undefined ? [] : ["--import", resolve(import.meta.dirname, "plant.ts")];
  const { stdout, stderr } = spawnSync(process.execPath, [...planted, script, "--seconds", seconds, "--seed", "1"], {
    encoding: "utf8",
    env: { ...process.env, PLANTED: JSON.stringify(mistake ?? null) },
  });
  return stdout + stderr;
}

for (const script of ["http.ts", "routes.ts"] as const) {
  const control = fuzz(undefined, script);
  if (!control.includes("nothing found"))
    throw new Error(`Without a mistake ${script} should find nothing, but reports:\n${control}`);
}

for (const mistake of MISTAKES) {
  if (options.only !== undefined && options.only !== mistake.name) continue;
  const started = performance.now();
  const said = fuzz(mistake);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const found = said.includes("found with --seed");
  console.log(`${found ? "found" : "MISSED"} in ${seconds} s: ${mistake.name}`);
  if (options.only !== undefined) console.log(said);
  if (!found) process.exitCode = 1;
}
