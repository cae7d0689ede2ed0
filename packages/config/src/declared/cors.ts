import { option, section } from "./declaration.js";
import { flag } from "../kinds/flag.js";
import { fieldName } from "../kinds/headers.js";
import { list } from "../kinds/list.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

const names = (doc: string) => option(list(fieldName), doc, { default: [] as string[] });

/** `[proxy.middleware.cors]` */
export const cors = section(
  "Pages of other origins that may use the route (CORS). Postern answers preflight requests itself, before any login, and removes the CORS headers of targets.",
  {
    allow_origins: option(
      list(text()),
      'Origins of these pages, such as `https://app.example.com`. `["*"]` allows all. Empty: CORS is left to the target.',
      { default: [] as string[] },
    ),
    allow_methods: names("Methods that pages may use. Default: GET, HEAD, POST, PUT, PATCH and DELETE."),
    allow_headers: names("Headers that pages may send. Default: all that they ask for."),
    expose_headers: names("Headers of responses that pages may read. Default: those that browsers always allow."),
    allow_credentials: option(flag(), "Allow cookies and credentials. Not possible with `*`.", { default: false }),
    max_age: option(duration(), "Time for which browsers may keep the answer to a preflight request.", {
      default: 600_000,
    }),
  },
);
