import { WebSocket } from "ws";
import {
  DEFAULT_LIMITS,
  isErrorCode,
  PROTOCOL_VERSION,
  Session,
  SUBPROTOCOL,
  TunnelError,
  WebSocketTransport,
  type ControlError,
  type ControlMessage,
  type SessionHandler,
} from "@postern/protocol";
import { isLoopbackName, loopback } from "./target.js";
import { VERSION } from "./version.js";

export interface LoginOptions {
  address: URL;
  apiKey: string;
  headers: Record<string, string>;
  /** Milliseconds for the whole login. */
  timeout: number;
  signal: AbortSignal;
  /** The WebSocket stands; the credentials are on their way. */
  onConnected: () => void;
}

/**
 * Opens a session: WebSocket, hello, welcome (PROTOCOL.md, section 3). The caller sets the handler it wants in the turn it gets it.
 * @throws TunnelError when it cannot be had; `retryable` says whether to try again.
 */
export async function login(options: LoginOptions): Promise<Session> {
  const deadline = AbortSignal.timeout(options.timeout);
  const signal = AbortSignal.any([options.signal, deadline]);
  const socket = openSocket(options);
  const { promise, resolve, reject } = Promise.withResolvers<Session>();
  const abandon = (): void => {
    reject(
      deadline.aborted ? new TunnelError("PN_SERVER_UNREACHABLE", "no answer in time") : new TunnelError("PN_CLOSED"),
    );
    socket.terminate();
  };
  signal.addEventListener("abort", abandon, { once: true });
  socket.on("error", (error) => reject(connectError(error)));
  socket.on("unexpected-response", (_request, response) => {
    reject(new TunnelError("PN_SERVER_REFUSED", `HTTP ${response.statusCode}`));
    response.destroy();
  });
  socket.once("open", () => {
    options.onConnected();
    sayHello(socket, options.apiKey, resolve, reject);
  });
  try {
    return await promise;
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

function openSocket({ address, headers }: LoginOptions): WebSocket {
  return new WebSocket(address, SUBPROTOCOL, {
    perMessageDeflate: false,
    maxPayload: DEFAULT_LIMITS.message,
    maxFragments: 16,
    // The all-zero mask is legal and spares a pass over every byte.
    generateMask: (mask) => mask.fill(0),
    headers,
    ...(isLoopbackName(address.hostname) ? { lookup: loopback, autoSelectFamily: true } : {}),
  });
}

function sayHello(
  socket: WebSocket,
  apiKey: string,
  resolve: (session: Session) => void,
  reject: (error: TunnelError) => void,
): void {
  const handler: SessionHandler = {
    onControl(message: ControlMessage) {
      if (message.type === "welcome") resolve(session);
      else if (message.type === "error") reject(remoteError(message));
    },
    onClose: reject,
    onGoAway: (code, retryAfter) => reject(new TunnelError(code, undefined, retryAfter)),
    onStream: (stream) => stream.reset("PN_TUNNEL_UNKNOWN"),
    onPong() {},
    onStreamsOver() {},
  };
  const session = new Session(
    {
      role: "client",
      transport: new WebSocketTransport(socket),
      now: () => performance.now(),
      schedule: (task) => void setImmediate(task),
    },
    handler,
  );
  session.control({
    type: "hello",
    versions: [PROTOCOL_VERSION],
    agent: `postern/${VERSION}`,
    auth: { method: "api_key", api_key: apiKey },
  });
}

/** An `error` message as an error. A code that this version does not know keeps its text and whether to retry. */
export function remoteError(message: ControlError): TunnelError {
  const code = isErrorCode(message.code) ? message.code : message.retryable ? "PN_INTERNAL" : "PN_UNSUPPORTED";
  const detail = code === message.code ? undefined : `${message.code}: ${message.message}`;
  return new TunnelError(code, detail, message.retry_after_ms);
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME/;

function connectError(error: NodeJS.ErrnoException): TunnelError {
  const untrusted = UNTRUSTED.test(error.code ?? "");
  return new TunnelError(
    untrusted ? "PN_SERVER_UNTRUSTED" : "PN_SERVER_UNREACHABLE",
    error.message || (error.code ?? ""),
  );
}
