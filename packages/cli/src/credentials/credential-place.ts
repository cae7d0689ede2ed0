import type { Configuration, Path } from "@postern/config";

export type Auth = Configuration["tunnel"]["auth"];

/** A table of the configuration that can hold credentials: `[tunnel.auth]`, or that of one endpoint. */
export interface CredentialPlace {
  auth: Auth;
  path: Path;
}
