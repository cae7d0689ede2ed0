import { TunnelError, type Auth } from "@postern/protocol";

/** The server does not report which kind of credential it refused, but the client knows which kind it sent. */
const ADVICE: Readonly<Record<Auth["method"], string>> = {
  api_key: "the server does not know this API key: check the key, and the file or variable that contains it",
  token: "check that the token is complete, and that the server accepts tokens with its issuer, audience and claims",
  certificate: "the server does not accept this client certificate: check cert_file, or use an API key or a token",
};

/** Adds to a refused login what to check about this kind of credential. All other errors are returned unchanged. */
export function explainRefusal(error: TunnelError, method: Auth["method"]): TunnelError {
  const isPlain = error.code === "PN_AUTH_REFUSED" && error.message === new TunnelError("PN_AUTH_REFUSED").message;
  return isPlain ? new TunnelError("PN_AUTH_REFUSED", ADVICE[method], error.retryAfter) : error;
}
