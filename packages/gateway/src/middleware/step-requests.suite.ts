import type { ResponseFilter } from "../filters/response-filter.js";
import { editedValue } from "./field-edits.js";
import type { FieldEdits, Held, ShownPages, StepRequest, Verdict } from "./step.js";

/** A request for tests of a step alone. */
export interface PlainStepRequest extends StepRequest {
  readonly edits: FieldEdits[];
  readonly held: Held[];
  readonly filters: ResponseFilter[];
  readonly errorPages: ShownPages[];
  /** The request is over. */
  end(): void;
}

/** @param fields by name, in lower case */
export function stepRequest(
  given: Partial<
    Pick<
      StepRequest,
      | "method"
      | "path"
      | "host"
      | "site"
      | "upgrade"
      | "address"
      | "startedAt"
      | "certificate"
      | "principal"
      | "identityLines"
      | "cdnLoop"
    >
  >,
  fields: Readonly<Record<string, string>> = {},
  body: Buffer | string = "",
): PlainStepRequest {
  const held: Held[] = [];
  const edits: FieldEdits[] = [];
  const filters: ResponseFilter[] = [];
  const errorPages: ShownPages[] = [];
  const aborter = new AbortController();
  let { principal } = given;
  return {
    method: "GET",
    path: "/",
    host: "a.test",
    site: "https://a.test",
    upgrade: "",
    address: "192.0.2.1",
    startedAt: 0,
    identityLines: "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n",
    cdnLoop: "",
    signal: aborter.signal,
    certificate: undefined,
    ...given,
    get principal() {
      return principal;
    },
    edits,
    held,
    filters,
    filter: (each) => void filters.push(each),
    requestId: () => "id-1",
    showErrors: (pages) => void errorPages.push(pages),
    errorPages,
    fieldValue: (name) => fields[name] ?? "",
    cookies: () => fields["cookie"] ?? "",
    readBody: () => Promise.resolve(Buffer.from(body)),
    changedValue: (name) => editedValue(edits, name),
    edit: (each) => {
      edits.push(each);
      principal = each.principal ?? principal;
    },
    hold: (each) => void held.push(each),
    end: () => {
      aborter.abort();
      for (const each of held.splice(0)) each.release();
    },
  };
}

/** `admitted`, or the status and the code of the response. */
export function outcome(verdict: Verdict | Promise<Verdict>): string {
  if (verdict instanceof Promise) return "waits";
  if (verdict === undefined) return "admitted";
  if ("title" in verdict) return `200 ${verdict.title}`;
  return `${verdict.status} ${"code" in verdict ? verdict.code : verdict.text}`;
}
