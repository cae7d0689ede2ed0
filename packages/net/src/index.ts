export { firstToConnect, RaceLost, type Outcome, type Race, type AddressAttempt } from "./dial/address-race.js";
export { allAddresses, type AllAddressesOptions, type RecordSource, type Resolution } from "./dial/all-addresses.js";
export { connectTcp, attemptsText, type TcpDial } from "./dial/connect-tcp.js";
export { bareHost, dial, type DialAddress, type DialOptions } from "./dial/dial.js";
export { authorityOf, dialFault, isNotTls } from "./dial/dial-fault.js";
export { hostAddresses, isLoopbackName, LOOPBACK_ADDRESSES, type Lookup } from "./dial/host-addresses.js";
export { Dialer, type DialerAddress, type DialerOptions } from "./dial/dialer.js";
export { refusedAddress } from "./dial/refused-address.js";
export { startTls } from "./dial/start-tls.js";
export { TcpSocket } from "./socket/tcp-socket.js";
export { CLIENT_HELLO_LIMITS, OUTBOUND_LIMITS } from "./limits.js";
export {
  outboundRequest,
  publicLookup,
  type OutboundResponse,
  type OutboundRequest,
} from "./outbound/outbound-request.js";
export { isLoopbackHost, isPrivateAddress } from "./outbound/private-address.js";
export { tlsOptions, type ClientTls } from "./tls/client-tls.js";
export { certificateNames, comparableName } from "./tls/certificate-names.js";
export { readCertificate, type Certificate, type CertificatePem } from "./tls/certificate.js";
export { Certificates, type TlsPolicy } from "./tls/certificates.js";
export { ClientCa, type ClientCaPem } from "./tls/client-ca.js";
export { readClientHello, type ClientHello } from "./tls/client-hello.js";
export { parseListenAddress, type ListenAddress } from "./listen/listen-address.js";
export { Listeners, type Listening, type ListenersOptions } from "./listen/listeners.js";
export { TLS_LIMITS } from "./listen/tls-listener.js";
export { TLS_ERRORS, TlsError, type TlsErrorCode } from "./tls/errors.js";
export { matchesName } from "./tls/name-match.js";
export { peekClientHello } from "./tls/peek.js";
export { peerCertificate, type PeerCertificate } from "./tls/peer-certificate.js";
export { separateLists } from "./tls/revocation-list.js";
export { checkTrustPem, trustFault, type TrustOptions } from "./tls/trust.js";
export { weakKeyFault } from "./tls/weak-key.js";
export { isTls } from "./tls/is-tls.js";
export { builtins } from "./builtins.js";
export { ByteStore } from "./byte-store.js";
export { readAddress, type AddressWords } from "./ip-address.js";
export { NetworkList, parseNetwork, type Network } from "./network-list.js";
export { keepNewest } from "./keep-newest.js";
export { Linked, LinkedList } from "./linked-list.js";
export { unmapped } from "./unmapped.js";
export { limitYoungGeneration } from "./young-generation.js";
export type { BreakCause, ByteStream, ByteStreamHandler, ResetReason } from "./connection/byte-stream.js";
export type { Connection, ConnectionHandler } from "./connection/connection.js";
export { HeldBytes } from "./connection/held-bytes.js";
export { disableReadHook } from "./socket/read-hook.js";
export { readSocket, SocketReader, type ReadOptions, type Receive } from "./socket/socket-reader.js";
export { tunnelSocket, type TunnelSocket } from "./socket/tunnel-socket.js";
export { WRITE_MEMORY } from "./socket/write-memory.js";
export { BufferPool, giveBack, isLent, lend, onReturn, release } from "./socket/buffer-pool.js";
export { relay, type Relay, type RelayOptions } from "./connection/relay.js";
export { TURN_END, type TurnTask } from "./connection/turn-end.js";
export { QUIET_TURN } from "./listen/quiet-turn.js";
export { SocketConnection } from "./connection/socket-connection.js";
export { SocketStream, type DialOutcome, type StartDial } from "./connection/socket-stream.js";
export { StreamConnection } from "./connection/stream-connection.js";
