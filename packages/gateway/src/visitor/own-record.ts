import { RequestFacts } from "../exchange/request-facts.js";
import type { VisitorContext } from "../exchange/visitor-side.js";
import type { RequestHead } from "../http/index.js";
import type { RespondRoute } from "../route.js";

/** The record of a request to which the gateway itself responds. */
export function ownRecord(
  head: RequestHead,
  context: VisitorContext,
  id: string,
  page: RespondRoute["page"],
): RequestFacts {
  return filled(new RequestFacts(head, context), context, id, page);
}

/** The record of a request whose head is not valid: what has been understood of it. */
export function invalidRecord(
  head: RequestHead,
  context: VisitorContext,
  id: string,
  page: RespondRoute["page"],
): RequestFacts {
  return filled(new InvalidRequest(head, context), context, id, page);
}

/** Other parts of the head are those of an earlier request. */
class InvalidRequest extends RequestFacts {
  override get path(): string {
    const [, path = "/"] = this.line.split(" ", 2);
    return path;
  }

  override get host(): string {
    return "";
  }

  override get traceId(): string {
    return "";
  }
}

function filled(record: RequestFacts, context: VisitorContext, id: string, page: RespondRoute["page"]): RequestFacts {
  record.id = id;
  record.status = "status" in page ? page.status : 200;
  record.startedAt = record.endedAt = context.exchanges.clock.now();
  if (!("code" in page)) return record;
  record.ended = "refused";
  record.code = page.code;
  return record;
}
