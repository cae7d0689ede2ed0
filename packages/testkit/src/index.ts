export { startBulkOrigin, type UploadReceipt } from "./origins/bulk-origin.js";
export { CertificateAuthority, type IssueOptions } from "./network/certificate-authority.js";
export { makeCertificate, type CertificateFiles } from "./network/certificate.js";
export { ChatOrigin } from "./origins/chat-origin.js";
export { claimPort } from "./processes/claimed-port.js";
export { poisonReads, type ReadBuffers } from "./buffers/poison.js";
export { Cleanup, type Defer } from "./cleanup.js";
export { ClientProcess, type ClientEvent, type ClientProcessOptions } from "./processes/client-process.js";
export { ClockOrigin } from "./origins/clock-origin.js";
export { ConnectProxy, type ConnectProxyOptions } from "./network/connect-proxy.js";
export { CountingOrigin, type ConnectionClose } from "./origins/counting-origin.js";
export { echoed, fieldValues, startEchoOrigin, type Echo } from "./origins/echo-origin.js";
export { exchange, type Exchange, type ExchangeOptions } from "./network/exchange.js";
export { FakeClock } from "./fake-clock.js";
export { memoryStreams, type MemoryStream, type MemoryStreamOptions } from "./network/memory-streams.js";
export { needs, needsOlderNode, needsRoot, type NeededProgram, type SkippableTest } from "./needs.js";
export { NetworkNamespace, type Loss } from "./network/network-namespace.js";
export { OriginProcess } from "./origins/origin-process.js";
export { download } from "./origins/download.js";
export { Origin, type SeenRequest } from "./origins/origin.js";
export { patternHash, patternPieces, patternStream } from "./pattern.js";
export { postern, POSTERN_BIN, type PosternOptions } from "./processes/postern.js";
export { ProcessBaseline } from "./processes/process-baseline.js";
export { inheritedEnvironment, Program, type Exit, type ProgramOptions } from "./processes/program.js";
export { Published } from "./processes/published.js";
export {
  startCompressingProxy,
  startFileServer,
  startNginx,
  startPythonServer,
  startTlsProxy,
  type RunningService,
} from "./processes/real-service.js";
export { recordedControls, type RecordedControl } from "./network/recorded-controls.js";
export { scratchFolder } from "./scratch-folder.js";
export { ScriptedOrigin } from "./origins/scripted-origin.js";
export { ServerProcess, TEST_KEY, writeKeys, type ServerProcessOptions } from "./processes/server-process.js";
export { StartProcess } from "./processes/start-process.js";
export { SteadyVisitor } from "./network/steady-visitor.js";
export { TOKEN_SECRET, TokenIssuer } from "./origins/token-issuer.js";
export { until, type UntilOptions } from "./until.js";
export { Wire, type WireEnd } from "./network/wire.js";
