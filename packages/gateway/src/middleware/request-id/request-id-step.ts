import { targetField } from "../credential/target-field.js";
import { responseField } from "../headers/response-field.js";
import type { Step, StepRequest } from "../step.js";

export interface RequestIdOptions {
  /** Another header that targets get the id in, besides X-Request-Id. Default: none. */
  readonly requestHeader?: string | undefined;
  /** The header that visitors get the id in. Default: none, except on pages of the gateway. */
  readonly responseHeader?: string | undefined;
}

/** Sends the id of each request to its visitor, and in a header of another name to its target. */
export class RequestIdStep implements Step {
  readonly name = "request id";
  readonly #names: readonly string[];
  readonly #responseNames: readonly string[];
  readonly #options: RequestIdOptions;

  /** @throws RangeError for a name that a step cannot set. */
  constructor(options: RequestIdOptions) {
    const { requestHeader, responseHeader } = options;
    this.#options = options;
    this.#names = requestHeader === undefined ? [] : [targetField(requestHeader)];
    this.#responseNames = responseHeader === undefined ? [] : [responseField(responseHeader)];
  }

  check(request: StepRequest): undefined {
    const { requestHeader, responseHeader } = this.#options;
    const id = request.requestId();
    request.edit({
      names: this.#names,
      lines: requestHeader === undefined ? "" : `${requestHeader}: ${id}\r\n`,
      responseNames: this.#responseNames,
      responseLines: responseHeader === undefined ? "" : `${responseHeader}: ${id}\r\n`,
    });
  }
}
