import { Session as Inspector, type Profiler } from "node:inspector";

/** The blocks of one function: the known ones, which did not run at first, and those that have run since. */
interface Blocks {
  known: Set<number>;
  ran: Set<number>;
}

/** The blocks of our compiled code that have run, according to V8. */
export class Coverage {
  readonly #inspector = new Inspector();
  readonly #functions = new Map<string, Blocks>();
  #blocks = 0;

  constructor() {
    this.#inspector.connect();
    this.#inspector.post("Profiler.enable");
    this.#inspector.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** The number of functions, and of blocks in them, that have run. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Whether code has run for the first time since the last call. */
  grew(): boolean {
    const before = this.#blocks;
    this.#inspector.post("Profiler.takePreciseCoverage", (_error, { result }) => {
      for (const script of result) {
        if (!script.url.includes("/packages/protocol/dist/") && !script.url.includes("/planted/dist/")) continue;
        for (const { functionName, ranges } of script.functions) {
          if (ranges[0] !== undefined && ranges[0].count > 0) {
            this.#add(`${script.scriptId} ${functionName} ${ranges[0].startOffset}`, ranges.slice(1));
          }
        }
      }
    });
    return this.#blocks > before;
  }

  #add(name: string, ranges: Profiler.CoverageRange[]): void {
    const idle = ranges.filter(({ count }) => count === 0);
    let blocks = this.#functions.get(name);
    if (blocks === undefined) {
      blocks = { known: new Set(), ran: new Set() };
      this.#functions.set(name, blocks);
      this.#blocks++;
    }
    for (const start of blocks.known) {
      if (blocks.ran.has(start) || idle.some(({ startOffset, endOffset }) => startOffset <= start && start < endOffset)) continue; // prettier-ignore
      blocks.ran.add(start);
      this.#blocks++;
    }
    for (const { startOffset } of idle) blocks.known.add(startOffset);
  }
}
