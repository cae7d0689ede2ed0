export type { Option } from "./declared/declaration.js";
export {
  CONFIGURATION,
  type Configuration,
  type EndpointConfiguration,
  type RouteConfiguration,
} from "./declared/configuration.js";
export { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./declared/logging.js";
export { tunnelEndpoint } from "./declared/tunnel.js";
export { explain, originText, type Explanation } from "./documents/explain.js";
export { namedPaths, pathsNamedIn, type NamedInFile, type NamedPath } from "./documents/named-paths.js";
export { jsonSchema } from "./documents/json-schema.js";
export { LoadedConfiguration, loadConfiguration, type Unsupported } from "./load.js";
export { usesWildcard, type GatewayAddresses } from "./checks/gateway-addresses.js";
export { isUtf16 } from "./file/encoding.js";
export { pathText, type Path } from "./file/path.js";
export { POLICIES } from "./declared/policies.js";
export { accessViolations, endpointAccessViolations } from "./checks/access-rules.js";
export { isAddressFile } from "./kinds/address-source.js";
export { isFolderTarget } from "./kinds/local-folder.js";
export { ConfigError, problemOf, type Problem } from "./file/problem.js";
export { reference, type OptionReference, type SectionReference } from "./documents/reference.js";
export { environmentName, flagName } from "./resolving/option-names.js";
export { resolve, type Layers, type Origin, type ResolvedOption } from "./resolving/resolve.js";
export { endpointLabel } from "./checks/rules.js";
export { DIFFERENCES, type Difference } from "./older/differences.js";
export { OLDER_NAMES, type OlderName } from "./older/older-names.js";
export { OPTIONS_WITHOUT_EFFECT, type WithoutEffect } from "./older/options-without-effect.js";
export { startingFile } from "./documents/starting-file.js";
export { TomlFile } from "./file/toml-file.js";
export { pendingSettings } from "./checks/pending-settings.js";
export type { Environment } from "./resolving/variables.js";
