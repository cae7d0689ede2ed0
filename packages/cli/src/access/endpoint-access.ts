import { TunnelError, type Policies } from "@postern/client";
import { checkPolicySize } from "@postern/client/command";
import type { Path } from "@postern/config";
import { PolicyError, readPolicies, writePolicies } from "@postern/gateway/policies";
import type { Settings } from "../settings/configuration.js";
import { loadAccess, type AccessConfiguration, type LoadedAccess } from "./loaded-access.js";
import { passwordHash } from "./password-file.js";

/** What an endpoint asks its server for. */
export interface EndpointAccess extends Omit<LoadedAccess, "steps"> {
  /** Undefined: nothing. */
  policies: Policies | undefined;
}

/**
 * Reads the access table of an endpoint. Throws CliError for the files, and TunnelError, as a server would, for what no
 * server accepts.
 * @param saltKey returns a secret of this machine, for the hash of a password
 * @param asked a password that a person has entered, in place of a file
 */
export async function loadEndpointAccess(
  settings: Settings,
  access: AccessConfiguration,
  place: Path,
  saltKey: () => string,
  asked?: string,
): Promise<EndpointAccess> {
  const { steps: own, ...loaded } = await loadAccess(settings, access, place, saltKey);
  const steps =
    asked === undefined ? own : { ...own, password: { hash: await passwordHash(asked, "The input", saltKey) } };
  const policies = writePolicies(steps);
  if (Object.keys(policies).length === 0) return { policies: undefined, ...loaded };
  checkPolicySize(policies);
  try {
    readPolicies(policies);
  } catch (error) {
    if (error instanceof PolicyError) throw new TunnelError("PN_POLICY_INVALID", error.message);
    throw error;
  }
  return { policies, ...loaded };
}
