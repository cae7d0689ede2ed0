import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Script } from "node:vm";
import { Coverage } from "./coverage.ts";
import { Manner, parseInput, printInput, type Input } from "./input.ts";
import { mutated, newInput } from "./mutation.ts";
import { PLANTS, plantedFuzzer } from "./plant.ts";
import { Random } from "./random.ts";
import { tryInput } from "./trial.ts";

const USAGE = `Tries messages on the frame reader and on a session, until one of them does what PROTOCOL.md does not allow.

  node packages/protocol/fuzz/decoder.ts [options]          after npm run build

  --seconds N   stop after so long; default 10
  --runs N      stop after so many inputs
  --seed N      the same inputs again; default: another each time
  --replay      only the inputs of the corpus
  --bare        start without the corpus
  --save        keep inputs that reach new code in the corpus
  --plant NAME  with a bug that must be found, starting bare: ${Object.keys(PLANTS).join(", ")}

Exit code 1 says that something was found; it prints what, and the input, which belongs in the corpus once it is fixed.
`;

/** How long one input may take, in milliseconds: more is a hang. */
const PATIENCE = 4_000;
/** Heap beyond this, in bytes, after collecting what can be collected, is a leak. */
const MOST_HEAP = 512 * 1024 * 1024;
/** Inputs between two looks at what they reached. */
const BATCH = 16;
/** Inputs longer than this, in bytes, are not kept. */
const MOST_KEPT = 3_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "Infinity" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 0x1_0000_0000)) },
    replay: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    plant: { type: "string" },
    bare: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
/** Runs under a watchdog, so that a hang is found as well. */
const ATTEMPT = new Script("attempt()");
/** How the last trial went. */
let way = "";
const corpus = fileURLToPath(new URL("corpus", import.meta.url));

if (values.help) process.stdout.write(USAGE);
else if (values.plant !== undefined) process.exitCode = plant(values.plant);
else process.exitCode = fuzz();

function plant(name: string): number {
  const script = plantedFuzzer(name);
  const { seconds, runs, seed } = values;
  const args = [script, "--bare", "--seconds", seconds, "--runs", runs, "--seed", seed];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  rmSync(join(script, "../../.."), { recursive: true });
  return status ?? 2;
}

function fuzz(): number {
  const kept = values.bare ? [] : readdirSync(corpus).toSorted().map((name) => parseInput(readFileSync(join(corpus, name), "utf8"))); // prettier-ignore
  for (const input of kept) {
    const fault = faultOf(input);
    if (fault !== undefined) return report(fault, input);
  }
  console.log(`${kept.length} inputs of the corpus: no fault`);
  if (values.replay) return 0;

  const random = new Random(Number(values.seed));
  const coverage = new Coverage();
  const ways = new Set<string>();
  for (const input of kept) {
    faultOf(input);
    ways.add(way);
  }
  coverage.grew();
  const end = performance.now() + Number(values.seconds) * 1_000;
  let runs = 0;
  while (runs < Number(values.runs) && performance.now() < end) {
    const batch = Array.from({ length: BATCH }, () =>
      kept.length === 0 || random.once(10) ? newInput(random) : mutated(random.pick(kept), random.pick(kept), random),
    );
    const fresh: Input[] = [];
    for (const input of batch) {
      const fault = faultOf(input);
      runs++;
      if (fault !== undefined) {
        console.log(`found in run ${runs} of seed ${values.seed}`);
        return report(fault, fault.includes("timed out") ? input : smallest(input));
      }
      if (!ways.has(way)) fresh.push(input);
      ways.add(way);
    }
    // To ask V8 takes longer than a trial, so it is asked once for all of them.
    if (coverage.grew()) fresh.push(...batch);
    kept.push(...fresh);
    if (process.memoryUsage().heapUsed > MOST_HEAP) return report("memory is not given back", batch[0] as Input);
  }
  if (values.save) save(kept);
  console.log(
    `${runs} runs of seed ${values.seed}: no fault; ${coverage.blocks} blocks and ${ways.size} ways, ${kept.length} inputs kept`,
  );
  return 0;
}

/** What is wrong with the answer to `input`; undefined when nothing is. */
function faultOf(input: Input): string | undefined {
  try {
    Object.assign(globalThis, { attempt: () => (way = tryInput(input)) });
    ATTEMPT.runInThisContext({ timeout: PATIENCE });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Leaves out what the fault does not need. */
function smallest(input: Input): Input {
  for (let at = input.messages.length - 1; at >= 0; at--) {
    const without = { ...input, messages: input.messages.toSpliced(at, 1) };
    if (faultOf(without) !== undefined) return smallest(without);
  }
  for (const bit of Object.values(Manner)) {
    const without = { ...input, manners: input.manners & ~bit };
    if (without.manners !== input.manners && faultOf(without) !== undefined) return smallest(without);
  }
  return input;
}

function report(fault: string, input: Input): 1 {
  console.log(`${fault}\n\n${printInput(input)}`);
  return 1;
}

/** Writes those inputs, the shortest first, that reach something which none before them did. */
function save(inputs: Input[]): void {
  const coverage = new Coverage();
  const ways = new Set<string>();
  for (const input of inputs.toSorted((a, b) => printInput(a).length - printInput(b).length)) {
    faultOf(input);
    const text = printInput(input);
    if ((!coverage.grew() && ways.has(way)) || text.length > MOST_KEPT) continue;
    ways.add(way);
    writeFileSync(join(corpus, `${createHash("sha256").update(text).digest("hex").slice(0, 12)}.txt`), text);
  }
}
