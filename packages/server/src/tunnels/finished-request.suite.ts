import type { FinishedRequest } from "@postern/gateway";

/** A request that was over at once. */
export const REQUEST: FinishedRequest = {
  id: "r-1",
  method: "GET",
  path: "/",
  line: "GET / HTTP/1.1",
  protocol: "HTTP/1.1",
  status: 200,
  startedAt: 0,
  endedAt: 0,
  bytesIn: 0,
  bytesOut: 130,
  upstream: undefined,
  address: "192.0.2.1",
  host: "app.example.com",
  userAgent: "curl/8.0",
  referer: "",
  user: undefined,
  traceId: "",
  ended: "complete",
  code: undefined,
  flaw: undefined,
  repairs: new Set(),
};
