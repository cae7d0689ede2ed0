import { option, section } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { network } from "../kinds/address.js";

/** `[proxy.middleware.server_timing]` */
export const serverTiming = section(
  "Server-Timing: responses tell how many milliseconds the gateway and the target took.",
  {
    enabled: option(flag(), "Add the field to responses for visitors who have logged in.", {
      default: false,
      example: "true",
    }),
    allow_ips: option(list(network()), "Addresses and networks whose visitors also get it. No others do.", {
      default: [] as string[],
      example: '["10.0.0.0/8"]',
    }),
  },
);
