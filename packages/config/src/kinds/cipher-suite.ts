import { text } from "./text.js";

/** A cipher suite by its OpenSSL name. OpenSSL ignores unknown names in a list, so they are rejected here. */
export const cipherSuite = text({
  what: "cipher suite",
  valid: (name) => name === name.toUpperCase() && knownInLowerCase().includes(name.toLowerCase()),
  example: "TLS_AES_256_GCM_SHA384",
});

/** An import of node:tls would load it in every process, also in those that use no TLS. */
function knownInLowerCase(): string[] {
  return process.getBuiltinModule("node:tls").getCiphers();
}
