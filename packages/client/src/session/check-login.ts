import { TunnelError, type Auth, type Checked, type ControlMessage } from "@postern/protocol";
import { credentialOf } from "../credential/configured-credential.js";
import { login, remoteError } from "../server-way/login.js";
import type { ConnectOptions } from "../options.js";
import { parseProxyTo } from "../server-way/proxy-address.js";
import { parseServerAddress } from "../server-way/server-address.js";
import { parseTarget } from "../local/local-address.js";

/** What the server says to a credential that it accepts. */
export interface LoginCheck {
  /** Who the client is to the server: names belong to owners. */
  owner: string;
  /** What the tunnel would be called; undefined: the server would make a name up. */
  name: string | undefined;
  publicUrl: string | undefined;
  /** How long the credential still counts, in milliseconds, where that is known. */
  expiresIn: number | undefined;
}

/**
 * Tries what `connect` would do with the same options, up to the point where a tunnel would open: reaches the server, logs in, and asks
 * whether the name would be granted. Nothing is opened, nothing is tried twice.
 *
 * @throws TypeError when `server`, `local` or `proxy` cannot be understood, or there is not one credential; TunnelError with its `code` when the server cannot be reached or trusted, or refuses the credential or the name.
 */
export async function checkLogin(options: ConnectOptions): Promise<LoginCheck> {
  const credential = credentialOf(options, () => {});
  try {
    for (;;) {
      try {
        return await ask(options, await credential.auth());
      } catch (error) {
        // A token that was given may have run out where another one can be had.
        if (!(error instanceof TunnelError) || !credential.another(error)) throw error;
      }
    }
  } finally {
    credential.release();
  }
}

async function ask(options: ConnectOptions, auth: Auth): Promise<LoginCheck> {
  const { subdomain, hostHeader, headers = {}, tls = {}, connectionTimeout: timeout = 30_000 } = options;
  const proxy = parseProxyTo(options.server, options);
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(options.signal ? [options.signal] : [])]);
  const address = parseServerAddress(options.server);
  const { authority } = parseTarget(options.local);
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
  const answer = Promise.withResolvers<Checked>();
  session.handler = {
    onControl(message: ControlMessage) {
      if (message.type === "checked") answer.resolve(message);
      else if (message.type === "error") answer.reject(remoteError(message));
    },
    onClose: answer.reject,
    onGoAway: (code, retryAfter) => answer.reject(new TunnelError(code, undefined, retryAfter)),
    onStream: (stream) => stream.reset("PN_TUNNEL_UNBOUND"),
    onPong() {},
    onStreamsOver() {},
  };
  const abandon = (): void => answer.reject(new TunnelError("PN_SERVER_UNREACHABLE", "no answer in time"));
  signal.addEventListener("abort", abandon, { once: true });
  try {
    session.control({
      type: "check",
      check: 1,
      local_host: authority,
      ...(subdomain === undefined ? {} : { subdomain }),
      ...(hostHeader === undefined ? {} : { host_header: hostHeader }),
    });
    const { owner, name, public_url: publicUrl } = await answer.promise;
    return { owner, name, publicUrl, expiresIn: welcome.expires_in_ms };
  } finally {
    signal.removeEventListener("abort", abandon);
    session.close(new TunnelError("PN_CLOSED"));
  }
}
