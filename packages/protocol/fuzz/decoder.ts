import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Script } from "node:vm";
import { Coverage } from "./coverage.ts";
import { Behaviour, parseInput, printInput, type Input } from "./input.ts";
import { mutated, newInput } from "./mutation.ts";
import { PLANTS, plantedFuzzer } from "./plant.ts";
import { Random } from "./random.ts";
import { tryInput } from "./trial.ts";

const USAGE = `Sends messages to the frame reader and to a session until one of them violates PROTOCOL.md.

  node packages/protocol/fuzz/decoder.ts [options]          after npm run build

  --seconds N   stop after N seconds; default 10
  --runs N      stop after N inputs
  --seed N      repeat the inputs of a seed; default: a random one
  --replay      try only the inputs of the corpus
  --bare        start without the corpus
  --save        keep inputs that reach new code in the corpus
  --plant NAME  plant a bug that must be found, without the corpus: ${Object.keys(PLANTS).join(", ")}

Exit code 1: a fault was found. It is printed with its input; add the input to the corpus when the fault is fixed.
`;

/** An input that takes longer than this, in milliseconds, is a hang. */
const TIMEOUT = 4_000;
/** A heap larger than this, in bytes, is a leak. */
const MAX_HEAP = 512 * 1024 * 1024;
/** Inputs between two checks of the coverage. */
const BATCH = 16;
/** Inputs longer than this, in bytes, are not kept. */
const MAX_KEPT = 3_000;

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
/** Runs with a timeout, so that a hang is found too. */
const ATTEMPT = new Script("attempt()");
/** The outcome of the last trial. */
let outcome = "";
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
  const outcomes = new Set<string>();
  for (const input of kept) {
    faultOf(input);
    outcomes.add(outcome);
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
      if (!outcomes.has(outcome)) fresh.push(input);
      outcomes.add(outcome);
    }
    // Reading the coverage takes longer than a trial, so it is read once per batch.
    if (coverage.grew()) fresh.push(...batch);
    kept.push(...fresh);
    if (process.memoryUsage().heapUsed > MAX_HEAP) return report("memory is not released", batch[0] as Input);
  }
  if (values.save) save(kept);
  console.log(
    `${runs} runs of seed ${values.seed}: no fault; ${coverage.blocks} blocks and ${outcomes.size} outcomes, ${kept.length} inputs kept`,
  );
  return 0;
}

/** The fault that `input` causes; undefined when there is none. */
function faultOf(input: Input): string | undefined {
  try {
    Object.assign(globalThis, { attempt: () => (outcome = tryInput(input)) });
    ATTEMPT.runInThisContext({ timeout: TIMEOUT });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Removes the parts of `input` that the fault does not need. */
function smallest(input: Input): Input {
  for (let at = input.messages.length - 1; at >= 0; at--) {
    const without = { ...input, messages: input.messages.toSpliced(at, 1) };
    if (faultOf(without) !== undefined) return smallest(without);
  }
  for (const bit of Object.values(Behaviour)) {
    const without = { ...input, behaviour: input.behaviour & ~bit };
    if (without.behaviour !== input.behaviour && faultOf(without) !== undefined) return smallest(without);
  }
  return input;
}

function report(fault: string, input: Input): 1 {
  console.log(`${fault}\n\n${printInput(input)}`);
  return 1;
}

/** Writes the inputs that reach new code or a new outcome, the shortest first. */
function save(inputs: Input[]): void {
  const coverage = new Coverage();
  const outcomes = new Set<string>();
  for (const input of inputs.toSorted((a, b) => printInput(a).length - printInput(b).length)) {
    faultOf(input);
    const text = printInput(input);
    if ((!coverage.grew() && outcomes.has(outcome)) || text.length > MAX_KEPT) continue;
    outcomes.add(outcome);
    writeFileSync(join(corpus, `${createHash("sha256").update(text).digest("hex").slice(0, 12)}.txt`), text);
  }
}
