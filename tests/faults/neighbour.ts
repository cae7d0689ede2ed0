import {
  ProcessBaseline,
  Published,
  startEchoOrigin,
  SteadyVisitor,
  type Defer,
  type Program,
  type ServerProcess,
} from "@postern/testkit";

/** A healthy tunnel on the same server, with a visitor that must be served every time. */
export async function startNeighbour(defer: Defer, server: ServerProcess): Promise<SteadyVisitor> {
  const echo = await startEchoOrigin(defer);
  const { port, host } = await Published.start(defer, echo.port, { server, subdomain: "neighbour" });
  return SteadyVisitor.start(defer, port, host);
}

/** What must hold when a fault is over: every process lives and holds no more than before, and the neighbour was served every time. */
export class ClosingCheck {
  readonly #neighbour: SteadyVisitor | undefined;
  readonly #baselines: ProcessBaseline[];

  private constructor(neighbour: SteadyVisitor | undefined, programs: Program[]) {
    this.#neighbour = neighbour;
    this.#baselines = programs.map((program) => ProcessBaseline.take(program));
  }

  /** Begins before the fault. @param server has the neighbour, if there is one. @param programs those that live through it. */
  static async begin(defer: Defer, server: ServerProcess | undefined, ...programs: Program[]): Promise<ClosingCheck> {
    return new ClosingCheck(server && (await startNeighbour(defer, server)), programs);
  }

  async pass(): Promise<void> {
    await this.#neighbour?.everyTime();
    for (const baseline of this.#baselines) await baseline.regained();
  }
}
