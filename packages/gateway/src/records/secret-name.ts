const SECRET =
  /^(.*[_-])?(token|secret|password|passwd|passphrase|pass|pwd|otp|key|apikey|auth|authorization|signature|sig|credential|session|sessionid|jwt|code)$/i;

/** Each part of `user[password][]` and `user.password` counts; `accessToken` counts as `access_Token`. */
export function isSecretName(name: string): boolean {
  return name
    .split(/[[\].]/)
    .some((part) => SECRET.test(part) || SECRET.test(part.replace(/([a-z0-9])([A-Z])/g, "$1_$2")));
}
