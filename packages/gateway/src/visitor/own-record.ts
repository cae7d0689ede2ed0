import { RequestFacts } from "../exchange/request-facts.js";
import type { RequestHead } from "../http/index.js";
import type { RespondRoute } from "../route.js";
import type { VisitorContext } from "../exchange/visitor-side.js";

/** The record of a request to which the gateway itself responds. */
export function ownRecord(
  head: RequestHead,
  context: VisitorContext,
  id: string,
  page: RespondRoute["page"],
): RequestFacts {
  const record = new RequestFacts(head, context);
  record.id = id;
  record.status = "status" in page ? page.status : 200;
  record.startedAt = record.endedAt = context.exchanges.clock.now();
  if (!("code" in page)) return record;
  record.ended = "refused";
  record.code = page.code;
  return record;
}
