import { TunnelError, type Policies } from "@postern/client";
import { checkPolicySize } from "@postern/client/command";
import type { EndpointConfiguration, Path } from "@postern/config";
import { PolicyError, readPolicies, writePolicies, type StepOptions } from "@postern/gateway/policies";
import type { Settings } from "../settings/configuration.js";
import { loadAccess, type LoadedAccess } from "./loaded-access.js";
import { passwordHash } from "./password-file.js";

type HeaderTable = "request_headers" | "response_headers";

/** What an endpoint asks its server for. */
export interface EndpointAccess extends Omit<LoadedAccess, "steps"> {
  /** Undefined: nothing. */
  policies: Policies | undefined;
}

/**
 * Reads the access table of an endpoint, and its headers. Throws CliError for the files, and TunnelError, as a server would, for what no
 * server accepts.
 * @param saltKey returns a secret of this machine, for the hash of a password
 * @param asked a password that a person has entered, in place of a file
 */
export async function loadEndpointAccess(
  settings: Settings,
  { access, request_headers, response_headers }: Pick<EndpointConfiguration, "access" | HeaderTable>,
  place: Path,
  saltKey: () => string,
  asked?: string,
): Promise<EndpointAccess> {
  const { steps: own, ...loaded } = await loadAccess(settings, access, place, saltKey);
  const steps =
    asked === undefined ? own : { ...own, password: { hash: await passwordHash(asked, "The input", saltKey) } };
  const policies = writePolicies({ ...steps, ...headersOf(request_headers, response_headers) });
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

type HeaderValues = EndpointConfiguration[HeaderTable];

function headersOf(request: HeaderValues, response: HeaderValues): Pick<StepOptions, "headers"> {
  const [sets, answers] = [Object.keys(request).length > 0, Object.keys(response).length > 0];
  if (!sets && !answers) return {};
  return { headers: { ...(sets && { request: { set: request } }), ...(answers && { response: { set: response } }) } };
}
