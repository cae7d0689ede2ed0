import type { Configuration, Path } from "@postern/config";

export type Auth = Configuration["tunnel"]["auth"];

/** A table of the configuration that contains credentials: `[tunnel.auth]`, or `auth` of an endpoint. */
export interface CredentialPlace {
  auth: Auth;
  path: Path;
}
