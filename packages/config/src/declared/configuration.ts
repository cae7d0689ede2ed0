import { option, section, type Values } from "../declaration.js";
import { text } from "../kinds/text.js";
import { proxy, server, staticConfig } from "./gateway.js";
import { logging } from "./logging.js";
import { tunnel, tunnelEndpoint } from "./tunnel.js";

/** Every option there is. */
export const CONFIGURATION = section("Postern's configuration.", {
  tunnel,
  logging,
  application: section("What this installation is called.", {
    name: option(text(), "Its name, `app` in the log's JSON lines.", { example: '"tunnels"' }),
    environment: option(text(), "What it is for, `environment` in the log's JSON lines.", { example: '"production"' }),
  }),
  server,
  static_config: staticConfig,
  proxy,
});

export type Configuration = Values<(typeof CONFIGURATION)["entries"]>;
export type EndpointConfiguration = Values<(typeof tunnelEndpoint)["each"]["entries"]>;
