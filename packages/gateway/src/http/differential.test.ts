import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { needs, type NeededProgram } from "@postern/testkit";

const SCRIPT = resolve(import.meta.dirname, "../../fuzz/differential/run.ts");
const PLANT = resolve(import.meta.dirname, "../../fuzz/plant.ts");

interface Outcome {
  status: number | null;
  output: string;
}

/** Runs the comparison with `flags`, with or without a planted mistake. */
function compare(flags: string[], mistake?: object): Outcome {
  const planted = mistake === undefined ? [] : ["--import", PLANT];
  const env = { ...process.env, PLANTED: JSON.stringify(mistake ?? null) };
  const args = [...planted, SCRIPT, ...flags, "--seed", "7"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  return { status, output: stdout + stderr };
}

test.for<[string, NeededProgram | undefined, number]>([
  ["nginx", "nginx", 20_000],
  ["apache", "apache2", 20_000],
  ["haproxy", "haproxy", 20_000],
  ["python", "python3", 5_000],
  ["node", undefined, 20_000],
])("%s reads forwarded requests exactly as the gateway does", ([server, program, runs], context) => {
  if (program !== undefined) needs(context, program);
  const { status, output } = compare(["--server", server, "--runs", String(runs)]);
  expect(output).toMatch(/^[0-9]{4,} requests, [0-9]{4,} passed on$/m);
  expect(output).toMatch(/^nothing found$/m);
  expect(status).toBe(0);
});

/** The comparison has to report each of these mistakes, which are planted in the build when it is loaded. */
const MISTAKES = [
  {
    name: "the visitor's Content-Length is passed on in addition to the gateway's",
    file: "field-name.js",
    right: "NOT_FORWARDED = fieldSet(Field.contentLength, ",
    wrong: "NOT_FORWARDED = fieldSet(",
  },
  {
    name: "a length is wrong",
    file: "framing.js",
    right: "writeDecimal(target, number, contentLength)",
    wrong: "writeDecimal(target, number, contentLength + 1)",
  },
  { name: "white space in Host is kept", file: "request-head.js", right: "&& this.#isPlainLine(index)", wrong: "" },
];

test.for(MISTAKES)("the comparison finds a fault when $name", (mistake, context) => {
  needs(context, "nginx");
  const { status, output } = compare(["--server", "nginx", "--runs", "20000"], mistake);
  expect(output).toMatch(/^nginx, found with --seed /m);
  expect(status).toBe(1);
});
