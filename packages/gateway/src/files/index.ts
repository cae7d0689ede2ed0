export { FileCache, FILE_LIMITS } from "./disk/file-cache.js";
export { FileExchange } from "./file-exchange.js";
export { FileRoot, type FileRootDependencies } from "./file-root.js";
export { LISTING_LIMITS } from "./listing/folder-listing.js";
export type { FileFault, FilesOptions } from "./files-options.js";
export { SharedDisk } from "./disk/shared-disk.js";
export { SecretFiles, type SecretFilesOptions } from "./disk/secret-files.js";
