/** What `postern start` needs to run a gateway, in one module, which it loads only then. */
export { loadGateway } from "./configured-gateway.js";
export { GatewayService } from "./gateway-service.js";
export { gatewayLog } from "./logged-gateway.js";
