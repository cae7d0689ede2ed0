export { readCertificate, type Certificate, type CertificatePem } from "./certificate.js";
export { Certificates, type TlsPolicy } from "./certificates.js";
export { ClientAuthority, type ClientAuthorityPem } from "./client-authority.js";
export { readClientHello, type ClientHello } from "./client-hello.js";
export { TLS_ERRORS, TlsError, type TlsErrorCode } from "./errors.js";
export { matchesName } from "./name-match.js";
export { peekClientHello } from "./peek.js";
export { peerCertificate, type PeerCertificate } from "./peer-certificate.js";
export { checkTrustPem, trustFault } from "./trust.js";
