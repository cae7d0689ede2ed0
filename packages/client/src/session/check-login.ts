import { TunnelError, type Auth, type Checked, type ControlMessage } from "@postern/protocol";
import { credentialOf } from "../credential/configured-credential.js";
import { explainRefusal } from "../credential/refusal.js";
import { IN_PROCESS_AUTHORITY, isInProcess, localOf } from "../local/local-end.js";
import type { ConnectOptions } from "../options.js";
import { login, remoteError } from "../server-connection/login.js";
import { parseProxyOf } from "../server-connection/proxy-address.js";
import { parseServerAddress } from "../server-connection/server-address.js";
import { serverText } from "../server-text.js";
import { checkGroupSupport } from "./group-support.js";
import { checkPolicySupport } from "./policy-support.js";
import { isPublicUrl } from "./grant.js";

/** The length of the longest owner or name, in characters. */
const LONGEST_NAME = 253;

/** The server's response to a credential that it accepts. */
export interface LoginCheck {
  /** The owner that the credential identifies: names belong to owners. */
  owner: string;
  /** The name that the tunnel would get; undefined: the server would choose one. */
  name: string | undefined;
  publicUrl: string | undefined;
  /** How long the credential remains valid, in milliseconds; undefined if that is not known. */
  expiresIn: number | undefined;
}

/**
 * Does what `connect` does with the same options, except opening a tunnel: connects, logs in, and asks whether the
 * name would be granted. Nothing is retried.
 *
 * @throws TypeError when an option cannot be parsed, or there is not exactly one credential; TunnelError with its
 * `code` when the server cannot be reached or trusted, or refuses the credential or the name.
 */
export async function checkLogin(options: ConnectOptions): Promise<LoginCheck> {
  const credential = credentialOf(options, () => {});
  try {
    for (;;) {
      const auth = await credential.auth();
      try {
        return await check(options, auth);
      } catch (error) {
        if (!(error instanceof TunnelError)) throw error;
        // A configured token may have expired although a new one can be fetched.
        if (!credential.another(error)) throw explainRefusal(error, auth.method);
      }
    }
  } finally {
    await credential.release();
  }
}

async function check(options: ConnectOptions, auth: Auth): Promise<LoginCheck> {
  const {
    subdomain,
    hostHeader,
    join,
    strategy,
    access: policies,
    headers = {},
    tls = {},
    connectionTimeout: timeout = 30_000,
  } = options;
  const proxy = parseProxyOf(options.server, options);
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(options.signal ? [options.signal] : [])]);
  const address = parseServerAddress(options.server);
  const local = localOf(options.local);
  const authority = isInProcess(local) ? IN_PROCESS_AUTHORITY : local.authority;
  const { session, welcome } = await login({
    address,
    auth,
    headers,
    tls,
    proxy,
    timeout,
    limits: {},
    signal,
    onConnected() {},
  });
  const response = Promise.withResolvers<Checked>();
  session.handler = {
    onControl(message: ControlMessage) {
      if (message.type === "checked") response.resolve(message);
      else if (message.type === "error") response.reject(remoteError(message));
    },
    onClose: response.reject,
    onGoAway: (code, retryAfter) => response.reject(new TunnelError(code, undefined, retryAfter)),
    onStream: (stream) => stream.reset("PN_TUNNEL_UNBOUND"),
    onPong() {},
    onStreamsOver() {},
  };
  const abandon = (): void => response.reject(new TunnelError("PN_SERVER_UNREACHABLE", "no response in time"));
  signal.addEventListener("abort", abandon, { once: true });
  try {
    checkGroupSupport(options, welcome.features);
    checkPolicySupport(policies, welcome.features);
    session.control({
      type: "check",
      check: 1,
      local_host: authority,
      ...(subdomain === undefined ? {} : { subdomain }),
      ...(hostHeader === undefined ? {} : { host_header: hostHeader }),
      ...(join === true ? { join, ...(strategy === undefined ? {} : { strategy }) } : {}),
      ...(policies === undefined ? {} : { policies }),
    });
    const { owner, name, public_url: publicUrl } = await response.promise;
    return {
      owner: serverText(owner, LONGEST_NAME),
      name: name === undefined ? undefined : serverText(name, LONGEST_NAME),
      publicUrl: publicUrl !== undefined && isPublicUrl(publicUrl) ? publicUrl : undefined,
      expiresIn: welcome.expires_in_ms,
    };
  } finally {
    signal.removeEventListener("abort", abandon);
    session.close(new TunnelError("PN_CLOSED"));
  }
}
