import {
  DEFAULT_LIMITS,
  FEATURES,
  isErrorCode,
  PROTOCOL_VERSION,
  Session,
  TunnelError,
  type Auth,
  type ControlError,
  type ControlMessage,
  type Limits,
  type SessionHandler,
  type Transport,
  type Welcome,
} from "@postern/protocol";
import { QUIET_TURN, type ClientTls } from "@postern/net";
import type { Proxy } from "./proxy-address.js";
import { serverText } from "../server-text.js";
import { VERSION } from "../version.js";
import { WebSocketConnection } from "./websocket-connection.js";

export interface LoginOptions {
  address: URL;
  auth: Auth;
  headers: Record<string, string>;
  tls: ClientTls;
  proxy: Proxy | undefined;
  /**
   * Timeout of the whole login, in milliseconds. Once the TCP connection is open, half of it remains: a proxy in front
   * of a stopped server may accept connections and hold them, and another attempt may find the server running again.
   */
  timeout: number;
  limits: Partial<Limits>;
  signal: AbortSignal;
  /** The WebSocket is open, and the credential was sent. */
  onConnected: () => void;
}

/** A logged-in session, and the server's welcome. */
export interface LoggedIn {
  session: Session;
  welcome: Welcome;
}

/**
 * Opens a session: WebSocket, hello, welcome (PROTOCOL.md, section 3). The caller sets the session's handler in the
 * same turn of the event loop.
 * @throws TunnelError.
 */
export async function login(options: LoginOptions): Promise<LoggedIn> {
  const deadline = AbortSignal.timeout(options.timeout);
  const held = new AbortController();
  const signal = AbortSignal.any([options.signal, deadline, held.signal]);
  let timer: NodeJS.Timeout | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<LoggedIn>();
  const connection = new WebSocketConnection(options, {
    onAccepted: () => (timer = setTimeout(() => held.abort(), options.timeout / 2)),
    onOpen(transport) {
      sendHello(transport, options, resolve, reject);
      options.onConnected();
    },
    onFailure: reject,
  });
  const abandon = (): void => {
    reject(deadline.aborted || held.signal.aborted ? connection.late : new TunnelError("PN_CLOSED"));
    connection.end();
  };
  signal.addEventListener("abort", abandon, { once: true });
  if (signal.aborted) abandon();
  try {
    return await promise;
  } catch (error) {
    connection.end();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abandon);
  }
}

function sendHello(
  transport: Transport,
  { auth, limits }: LoginOptions,
  resolve: (loggedIn: LoggedIn) => void,
  reject: (error: TunnelError) => void,
): void {
  const handler: SessionHandler = {
    onControl(message: ControlMessage) {
      if (message.type === "welcome") resolve({ session, welcome: message });
      else if (message.type === "error") reject(remoteError(message));
    },
    onClose: reject,
    onGoAway: (code, retryAfter) => reject(new TunnelError(code, undefined, retryAfter)),
    onStream: (stream) => stream.reset("PN_TUNNEL_UNBOUND"),
    onPong() {},
    onStreamsOver() {},
  };
  const session = new Session(
    {
      role: "client",
      transport,
      now: () => performance.now(),
      schedule: (task) => void setImmediate(task),
      scheduleFlush: QUIET_TURN.soon,
      limits: { ...DEFAULT_LIMITS, ...limits },
    },
    handler,
  );
  session.control({
    type: "hello",
    versions: [PROTOCOL_VERSION],
    agent: `postern/${VERSION}`,
    auth,
    features: Object.values(FEATURES),
  });
}

/** The length of the longest detail of a server's error, in characters. */
const LONGEST_DETAIL = 512;

/** Converts an `error` message to an error. An unknown code keeps its message and whether to retry. */
export function remoteError(message: ControlError): TunnelError {
  const code = isErrorCode(message.code) ? message.code : message.retryable ? "PN_INTERNAL" : "PN_UNSUPPORTED";
  const detail = code === message.code ? message.detail : `${message.code}: ${message.message}`;
  return new TunnelError(code, detail && serverText(detail, LONGEST_DETAIL), message.retry_after_ms);
}
