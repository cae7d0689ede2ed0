import { option, section, type Values } from "./declaration.js";
import { text } from "../kinds/text.js";
import { server } from "./gateway.js";
import { logging } from "./logging.js";
import { proxy } from "./proxy.js";
import { staticConfig } from "./static-files.js";
import { tunnel, tunnelEndpoint } from "./tunnel.js";

/** The whole configuration. */
export const CONFIGURATION = section("Postern's configuration.", {
  tunnel,
  logging,
  application: section("Labels for this installation in JSON logs.", {
    name: option(text(), "Name of this installation, written as `app` in JSON log lines.", { example: '"tunnels"' }),
    environment: option(text(), "Environment of this installation, written as `environment` in JSON log lines.", {
      example: '"production"',
    }),
  }),
  server,
  static_config: staticConfig,
  proxy,
});

export type Configuration = Values<(typeof CONFIGURATION)["entries"]>;
export type RouteConfiguration = Configuration["proxy"][number];
export type EndpointConfiguration = Values<(typeof tunnelEndpoint)["each"]["entries"]>;
