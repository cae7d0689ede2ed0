export { LOCAL_API_LIMITS } from "./monitoring/local-api.js";
export { STREAM_LIMITS } from "./monitoring/event-stream.js";
export { WEBHOOK_LIMITS } from "./monitoring/status-webhook.js";
