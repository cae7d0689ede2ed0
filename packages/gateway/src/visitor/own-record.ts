import { RequestFacts } from "../exchange/request-facts.js";
import type { Refusal, Reply, RequestHead } from "../http/index.js";
import type { VisitorContext } from "../exchange/visitor-side.js";

/** The record of a request to which the gateway itself responds. */
export function ownRecord(head: RequestHead, context: VisitorContext, id: string, page: Refusal | Reply): RequestFacts {
  const record = new RequestFacts(head, context);
  record.id = id;
  record.status = page.status;
  record.startedAt = record.endedAt = context.exchanges.clock.now();
  if (!("code" in page)) return record;
  record.ended = "refused";
  record.code = page.code;
  return record;
}
