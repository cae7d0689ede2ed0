type TransformRefusal = readonly [
  status: number,
  message: string,
  more: { readonly retryAfter?: number; readonly advice: string },
];

/** The refusals of bodies that a route changes, by code, as `refusals` contains them. */
export const TRANSFORM_REFUSALS = {
  PN_TRANSFORM_RESPONSE: [
    502,
    "The service sent a response that cannot be processed here. Try again later, or tell its owner.",
    {
      advice:
        "The route changes the bodies of responses, and this one cannot be changed. It was not passed on, because the change may keep something secret. The gateway's log names the reason. docs/transform.md explains it.",
    },
  ],
  PN_TRANSFORM_BODY: [
    400,
    "The body does not have the form that its headers name. Check Content-Type and Content-Encoding, and the body.",
    {
      advice:
        "The route changes the bodies of requests, and this one is not valid JSON, not UTF-8, or damaged. The gateway's log names the reason.",
    },
  ],
  PN_TRANSFORM_CODING: [
    415,
    "The body has a content coding or a charset that is not supported here. Send it in UTF-8, without compression.",
    {
      advice:
        "The route changes the bodies of requests. It can read gzip, deflate, br and zstd, one of them at a time, and the charsets of browsers.",
    },
  ],
  PN_TRANSFORM_BUSY: [
    503,
    "The server cannot process the body of this request at the moment. Try again shortly.",
    {
      retryAfter: 2,
      advice:
        "The regular expressions of the route took too long for the body, or too many bodies waited for them. The gateway's log names the reason.",
    },
  ],
} as const satisfies Record<string, TransformRefusal>;
