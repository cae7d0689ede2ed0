const SECRET =
  /^(.*[_-])?(token|secret|password|passwd|passphrase|pass|pwd|otp|key|apikey|auth|authorization|signature|sig|credential|session|sessionid|jwt|code)$/i;

/** The path without the values of query parameters whose names suggest a secret. */
export function redactedPath(path: string): string {
  const query = path.indexOf("?");
  if (query < 0) return path;
  const parts = path.slice(query + 1).split(/([&;])/);
  const kept = parts.map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) return part;
    return isSecret(plain(part.slice(0, equals))) ? `${part.slice(0, equals)}=***` : part;
  });
  return path.slice(0, query + 1) + kept.join("");
}

/** Each part of `user[password][]` and `user.password` counts; `accessToken` counts as `access_Token`. */
function isSecret(name: string): boolean {
  return name
    .split(/[[\].]/)
    .some((part) => SECRET.test(part) || SECRET.test(part.replace(/([a-z0-9])([A-Z])/g, "$1_$2")));
}

/** The name as the service decodes it: `%74oken` is `token`. */
function plain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
