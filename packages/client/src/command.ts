// The subpath `@postern/client/command`: exports that the `postern` command needs in addition to the SDK. It is not a
// public interface.
export { parseLocalAddress, type LocalAddress } from "./local/local-address.js";
export { reachLocal } from "./local/reach-local.js";
export { dialThrough } from "./server-connection/dial-through.js";
export { proxyOf } from "./server-connection/proxy-address.js";
export { PROXY_LIMITS } from "./server-connection/proxy-tunnel.js";
export { checkPolicySize } from "./session/policy-support.js";
export { checkConnectOptions } from "./tunnel.js";
export { parseServerAddress } from "./server-connection/server-address.js";
export { isRunning, localFault, localFaultCode } from "./local/local-fault.js";
export { acceptsTls } from "./local/local-service.js";
export { checkServer, type ServerCheck } from "./server-connection/server-check.js";
