import type { BodyCoder } from "../../filters/response-filter.js";
import { Field, refusals, type Refusal } from "../../http/index.js";
import { FaultReports } from "../fault-reports.js";
import { visitorKey } from "../rate-limit/visitor-key.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import type { Tenancy } from "../tenancy.js";
import { BodyChanges, type BodyChangeOptions } from "./body-changes.js";
import { codingOf, CODINGS } from "./body-decoder.js";
import type { FaultKind, TransformFault } from "./body-edit.js";
import { bodyType, withUtf8 } from "./body-type.js";
import { isConvertible, unknownCharset } from "./charset.js";
import { BODY_FIELDS, ResponseTransform } from "./response-transform.js";
import { TransformCoder } from "./transform-coder.js";

export interface TransformOptions {
  /** Changes to the bodies of requests. Default: none. */
  readonly request?: BodyChangeOptions | undefined;
  /** Changes to the bodies of responses. Default: none. */
  readonly response?: BodyChangeOptions | undefined;
  /** The name of the route, for messages. */
  readonly route?: string | undefined;
}

export interface TransformReporting {
  /** Called with the reason why a body is not passed on, at most once a minute for each kind of reason. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** What a visitor gets whose request has a body that cannot be changed. */
const REQUEST_REFUSALS: Readonly<Record<FaultKind, Refusal>> = {
  coding: { ...refusals.PN_TRANSFORM_CODING, fields: { "Accept-Encoding": CODINGS.join(", ") } },
  damaged: refusals.PN_TRANSFORM_BODY,
  form: refusals.PN_TRANSFORM_BODY,
  size: refusals.PN_HTTP_BODY_TOO_LARGE,
  stream: refusals.PN_TRANSFORM_BODY,
  time: refusals.PN_TRANSFORM_BUSY,
  busy: refusals.PN_TRANSFORM_BUSY,
};

/**
 * Changes the bodies of requests and responses. A body that should be changed and cannot be is never passed on: the
 * change may be what keeps something secret.
 */
export class TransformStep implements Step {
  readonly name = "transform";
  readonly #request: BodyChanges | undefined;
  readonly #response: BodyChanges | undefined;
  readonly #reports: FaultReports;
  readonly #where: string;
  readonly #owner: string | undefined;

  /** @throws RangeError for a rule that is not valid. */
  constructor(
    { request, response, route }: TransformOptions,
    { onWarning }: TransformReporting = {},
    tenancy?: Tenancy,
  ) {
    this.#request = changesOf(request, route);
    this.#response = changesOf(response, route);
    this.#reports = new FaultReports(onWarning);
    this.#where = route === undefined ? "" : ` of ${route}`;
    this.#owner = tenancy?.owner;
  }

  check(request: StepRequest): Verdict {
    if (this.#response !== undefined) this.#filterResponse(request, this.#response);
    return this.#request === undefined || !request.hasBody ? undefined : this.#changeBody(request, this.#request);
  }

  /** The target gets no Range: a part of a changed body cannot be taken from a part of the original one. */
  #filterResponse(request: StepRequest, changes: BodyChanges): void {
    const hasEtag = request.fieldValue("if-none-match", Field.condition) !== "";
    const { startedAt } = request;
    request.edit({ names: ["range", "if-range", "accept-encoding"], lines: acceptLine(request) });
    const transformed = { payer: this.#payer(request), hasEtag };
    request.filter(new ResponseTransform(changes, transformed, (fault) => this.#refuseResponse(fault, startedAt)));
  }

  #changeBody(request: StepRequest, changes: BodyChanges): Verdict {
    const value = request.fieldValues("content-type");
    const type = bodyType(value);
    if (!changes.concern(type)) return undefined;
    const { startedAt } = request;
    const refuse = (fault: TransformFault): Refusal => this.#refuseRequest(fault, startedAt);
    const isConverted = changes.mustConvert(type.charset);
    if (isConverted && !isConvertible(type.charset)) return refuse(unknownCharset(type.charset));
    const coding = codingIn(request.fieldValues("content-encoding"));
    if (typeof coding === "object") return refuse(coding);
    const payer = this.#payer(request);
    request.edit({
      names: ["content-encoding", ...BODY_FIELDS, ...(isConverted ? ["content-type"] : [])],
      lines: isConverted ? `Content-Type: ${withUtf8(value)}\r\n` : "",
    });
    request.changeBody((): BodyCoder => new TransformCoder({ changes, type, coding, payer, refuse }));
    return undefined;
  }

  #payer({ address }: StepRequest): { visitor: string; owner: string | undefined } {
    return { visitor: visitorKey(address), owner: this.#owner };
  }

  #refuseResponse(fault: TransformFault, now: number): Refusal {
    this.#reports.report(
      `response ${fault.kind}`,
      `A response${this.#where} was not passed on, because ${fault.message}.`,
      now,
    );
    return refusals.PN_TRANSFORM_RESPONSE;
  }

  #refuseRequest(fault: TransformFault, now: number): Refusal {
    this.#reports.report(
      `request ${fault.kind}`,
      `A request${this.#where} was refused, because ${fault.message}.`,
      now,
    );
    return REQUEST_REFUSALS[fault.kind];
  }
}

function changesOf(options: BodyChangeOptions | undefined, route: string | undefined): BodyChanges | undefined {
  if (options === undefined) return undefined;
  try {
    const changes = new BodyChanges(options);
    return changes.isEmpty ? undefined : changes;
  } catch (error) {
    if (!(error instanceof RangeError) || route === undefined) throw error;
    throw new RangeError(`The changes to bodies of ${route} are not valid. ${error.message}`, { cause: error });
  }
}

function codingIn(value: string): ReturnType<typeof codingOf> | TransformFault {
  try {
    return codingOf(value);
  } catch (error) {
    return error as TransformFault;
  }
}

/** Accept-Encoding with those of the visitor's codings that can be decoded. */
function acceptLine(request: StepRequest): string {
  const value = request.changedValue("accept-encoding") ?? request.fieldValues("accept-encoding");
  if (value === "") return "";
  const known = value.split(",").filter((item) => isDecodable(item.split(";")[0]!.trim().toLowerCase()));
  return `Accept-Encoding: ${known.length === 0 ? "identity" : known.map((item) => item.trim()).join(", ")}\r\n`;
}

function isDecodable(name: string): boolean {
  return name === "identity" || CODINGS.some((coding) => coding === name);
}
