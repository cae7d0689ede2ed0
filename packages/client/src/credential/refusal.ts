import { TunnelError, type Auth } from "@postern/protocol";

/** The server does not say which kind of credential it refused; the client knows which kind it sent. */
const ADVICE: Readonly<Record<Auth["method"], string>> = {
  api_key:
    "API key: the server does not know it. Check the key, and the file or variable that the client reads it from",
  token: "token: check that it is intact, and that its issuer, audience and claims are those that the server requires",
  certificate: "client certificate: the server accepts no logins with it. Check cert_file, or use a key or a token",
};

/** Adds to a refused login what to check about this kind of credential. All other errors are returned unchanged. */
export function explainRefusal(error: TunnelError, method: Auth["method"]): TunnelError {
  const isPlain = error.code === "PN_AUTH_REFUSED" && error.message === new TunnelError("PN_AUTH_REFUSED").message;
  return isPlain ? new TunnelError("PN_AUTH_REFUSED", ADVICE[method], error.retryAfter) : error;
}
