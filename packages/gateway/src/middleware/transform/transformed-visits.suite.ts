import { stepsOf } from "../chain/scripted-steps.suite.js";
import { Visit } from "../../visitor/visits.suite.js";
import type { BodyChangeOptions } from "./body-changes.js";
import { TransformStep } from "./transform-step.js";

/** Changes to bodies; what is absent is not changed. */
export type SomeChanges = Partial<BodyChangeOptions>;

export const literal = (find: string, replace: string) => ({ find, replace, isRegex: false });
export const regex = (find: string, replace: string) => ({ find, replace, isRegex: true });

const complete = (changes: SomeChanges | undefined): BodyChangeOptions | undefined =>
  changes && { replace: [], add: {}, remove: [], ...changes };

/** A test fails if nothing comes in this time, in milliseconds. */
const MOST_WAIT = 60_000;

/** A visit to a route that changes bodies. */
export class TransformedVisit extends Visit {
  readonly warnings: string[] = [];

  constructor({ request, response }: { request?: SomeChanges; response?: SomeChanges }) {
    super();
    const options = { request: complete(request), response: complete(response), route: "/api" };
    const onWarning = (text: string): void => void this.warnings.push(text);
    this.upstream.route.steps = stepsOf(new TransformStep(options, { onWarning }));
  }

  /** The visitor sends `bytes`. */
  sendBytes(bytes: Buffer): void {
    this.connection.arrive(Buffer.from(bytes));
  }

  /** The origin sends `bytes`. */
  respondBytes(bytes: Buffer): void {
    this.upstream.stream.arrive(Buffer.from(bytes));
    this.connection.pump();
  }

  /** What the visitor has got, when `isEnough` says so. */
  async taken(isEnough: (text: string) => boolean): Promise<string> {
    let text = "";
    const started = performance.now();
    while (performance.now() - started < MOST_WAIT) {
      this.connection.pump();
      text += this.connection.take();
      if (isEnough(text)) return text;
      await new Promise(setImmediate);
    }
    throw new Error(`the visitor got only ${JSON.stringify(text.slice(0, 500))}`);
  }
}

/** Whether a response in chunks is complete, or one with a length. */
export function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end));
  if (length !== null) return text.length - end - 4 >= Number(length[1]);
  return text.endsWith("0\r\n\r\n");
}
