import { getCiphers } from "node:tls";
import { text } from "./text.js";

/** Node has the names in lower case; OpenSSL takes them in capitals. */
const KNOWN = new Set(getCiphers().map((name) => name.toUpperCase()));

/** A cipher suite by OpenSSL's name: of several that are listed, OpenSSL would pass over one that it does not know. */
export const cipherSuite = text({
  what: "cipher suite",
  valid: (name) => KNOWN.has(name),
  example: "TLS_AES_256_GCM_SHA384",
});
