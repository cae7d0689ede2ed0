import { boundedJson } from "./bounded-json.js";
import { Output } from "./output.js";

/** The outputs and the environment of a command. */
export interface Terminal {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
}

export function processTerminal(): Terminal {
  return { stdout: new Output(process.stdout), stderr: new Output(process.stderr), env: process.env };
}

/** An event as `--json` prints it. */
export interface MachineEvent {
  time: string;
  type: string;
  endpoint: string;
  message: string;
  data: Record<string, unknown>;
}

/** Prints events as JSON, one object of at most 8 KB per line. */
export function eventPrinter(output: Output, endpoint: string): (event: MachineEvent) => void {
  const lossLine = (lost: number): string =>
    JSON.stringify(machineEvent("status_update", endpoint, `${lost} events dropped: the reader is too slow`, { lost }));
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
