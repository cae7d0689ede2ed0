import { getCiphers } from "node:tls";
import { text } from "./text.js";

/** Node lists the names in lower case; OpenSSL expects capitals. */
const KNOWN = new Set(getCiphers().map((name) => name.toUpperCase()));

/** A cipher suite by its OpenSSL name. OpenSSL ignores unknown names in a list, so they are rejected here. */
export const cipherSuite = text({
  what: "cipher suite",
  valid: (name) => KNOWN.has(name),
  example: "TLS_AES_256_GCM_SHA384",
});
