import type { RespondRoute } from "../route.js";

/** The response to OPTIONS whose Max-Forwards does not let it go further (RFC 9110, section 7.6.2). */
export const LAST_RECIPIENT: RespondRoute = {
  kind: "respond",
  page: {
    title: "Postern",
    message: "A Postern server received this request. Its Max-Forwards field did not allow it to go further.",
  },
};
