/** Why the local API does not answer what it was asked, with the status that it answers instead. */
export const LOCAL_API_REFUSALS = {
  PN_LOCAL_FORBIDDEN: {
    status: 403,
    message:
      "The local API was asked under a name that is not its own, or by a web page of another site. Ask 127.0.0.1 or localhost with the port that the client shows.",
  },
  PN_LOCAL_UNKNOWN: {
    status: 404,
    message: "The local API has nothing under this path. Ask for / to see what there is.",
  },
  PN_LOCAL_METHOD: { status: 405, message: "The local API only tells. Use GET." },
  PN_LOCAL_QUERY: {
    status: 400,
    message:
      "The local API does not understand the query. `since` is a time like 2026-11-22T10:00:00Z; `type` and `endpoint` are names.",
  },
  PN_LOCAL_BUSY: {
    status: 503,
    message: "As many programs as may follow the events of this client do so already. End one of them.",
  },
} as const satisfies Record<string, { status: number; message: string }>;

export type LocalApiRefusal = keyof typeof LOCAL_API_REFUSALS;
