import {
  ProcessBaseline,
  Published,
  startEchoOrigin,
  SteadyVisitor,
  type Defer,
  type Program,
  type ServerProcess,
} from "@postern/testkit";

/** A healthy tunnel on the same server, with a visitor that must always be served. */
export async function startNeighbour(defer: Defer, server: ServerProcess): Promise<SteadyVisitor> {
  const echo = await startEchoOrigin(defer);
  const { port, host } = await Published.start(defer, echo.port, { server, subdomain: "neighbour" });
  return SteadyVisitor.start(defer, port, host);
}

/**
 * Checks after a fault: every process is alive with no more resources than before, and the neighbour was always served.
 */
export class ClosingCheck {
  readonly #neighbour: SteadyVisitor | undefined;
  readonly #baselines: ProcessBaseline[];

  private constructor(neighbour: SteadyVisitor | undefined, programs: Program[]) {
    this.#neighbour = neighbour;
    this.#baselines = programs.map((program) => ProcessBaseline.take(program));
  }

  /**
   * Records the state before the fault.
   * @param server - The server of the neighbour, if any.
   * @param programs - The processes that must survive.
   */
  static async begin(defer: Defer, server: ServerProcess | undefined, ...programs: Program[]): Promise<ClosingCheck> {
    return new ClosingCheck(server && (await startNeighbour(defer, server)), programs);
  }

  async pass(): Promise<void> {
    await this.#neighbour?.stopAndCheck();
    for (const baseline of this.#baselines) await baseline.restored();
  }
}
