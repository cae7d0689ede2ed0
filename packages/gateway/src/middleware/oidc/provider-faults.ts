import type * as Client from "openid-client";

/** Errors of a provider that a visitor causes: it refused the login, or used a code twice. */
const DENIED = new Set([
  "access_denied",
  "consent_required",
  "interaction_required",
  "invalid_grant",
  "login_required",
]);

/** Whether a visitor, and not the provider, is the reason. */
export function isDenied(client: typeof Client, error: unknown): boolean {
  return isResponse(client, error) && DENIED.has(error.error);
}

/** Whether none of the provider's keys that are known has signed a token. */
export function isKeyFault(client: typeof Client, error: unknown): boolean {
  return error instanceof client.ClientError && error.code === "OAUTH_KEY_SELECTION_FAILED";
}

/** Why a provider does not work, for its owner: without tokens, and without texts that strangers choose. */
export function reasonOf(client: typeof Client, error: unknown): string {
  if (isResponse(client, error))
    return `it responded with the error ${error.error.replace(/[^\w.-]/g, "?").slice(0, 60)}`;
  if (!(error instanceof Error)) return "unknown";
  const { message, cause } = error;
  const isWrapped = error instanceof client.ClientError && cause instanceof Error;
  return (isWrapped && message === "something went wrong" ? cause.message : message).slice(0, 200);
}

function isResponse(
  client: typeof Client,
  error: unknown,
): error is InstanceType<typeof Client.ResponseBodyError | typeof Client.AuthorizationResponseError> {
  return error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError;
}
