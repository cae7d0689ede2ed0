/** The refusals of the local API: status, and message with what to do. */
export const LOCAL_API_REFUSALS = {
  PN_LOCAL_FORBIDDEN: {
    status: 403,
    message:
      "The request names another host, or comes from a web page of another origin. Use http://127.0.0.1 or http://localhost with the port that the client prints.",
  },
  PN_LOCAL_TOKEN: {
    status: 401,
    message:
      "The request has no valid token. /api/ needs the token in the client's run file, which is also in the link to the status page; /metrics needs metrics_token.",
  },
  PN_LOCAL_UNKNOWN: {
    status: 404,
    message: "The local API has no such path. GET / lists the paths.",
  },
  PN_LOCAL_METHOD: { status: 405, message: "The local API is read-only. Use GET." },
  PN_LOCAL_QUERY: {
    status: 400,
    message: "The query is invalid. `since` is a time like 2026-11-22T10:00:00Z; `type` and `endpoint` are names.",
  },
  PN_LOCAL_BUSY: {
    status: 503,
    message: "The limit of concurrent readers of live events is reached. Close one of them and try again.",
  },
} as const satisfies Record<string, { status: number; message: string }>;

export type LocalApiRefusal = keyof typeof LOCAL_API_REFUSALS;
