import { boundedJson } from "./bounded-json.js";
import { Output } from "./output.js";

/** What a command has around it: where its words go, and its environment. */
export interface Terminal {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
}

export function processTerminal(): Terminal {
  return { stdout: new Output(process.stdout), stderr: new Output(process.stderr), env: process.env };
}

/** One event as `--json` prints it. */
export interface MachineEvent {
  time: string;
  type: string;
  endpoint: string;
  message: string;
  data: Record<string, unknown>;
}

/** Prints events for programs: one JSON object a line, never more than 8 KB each. */
export function eventPrinter(output: Output, endpoint: string): (event: MachineEvent) => void {
  const lossLine = (lost: number): string =>
    JSON.stringify(
      machineEvent("status_update", endpoint, `${lost} events left out, because nobody read them`, { lost }),
    );
  return (event) => output.line(boundedJson({ ...event }), lossLine);
}

export function machineEvent<Type extends string>(
  type: Type,
  endpoint: string,
  message: string,
  data: Record<string, unknown>,
): MachineEvent & { type: Type } {
  return { time: new Date().toISOString(), type, endpoint, message, data };
}
