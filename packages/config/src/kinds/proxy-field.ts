import { text } from "./text.js";

/** Fields that the server writes itself, that frame or route a message, or that apply to one connection only. */
const OTHERS =
  /^(?:host|content-length|transfer-encoding|connection|upgrade|keep-alive|expect|te|accept|http2-settings|max-forwards|set-cookie|via|cdn-loop|proxy|proxy-(?:connection|authenticate|authentication-info|authorization)|forwarded|x-forwarded-(?:for|proto|host)|x-real-ip|postern-.*)$/i;

/** A header field in which a proxy names the user, the request or its address. */
export const proxyField = text({
  what: "field",
  pattern: /^[A-Za-z0-9-]+$/,
  valid: (name) => !OTHERS.test(name),
  example: "X-Forwarded-User",
});
