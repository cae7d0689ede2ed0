import type { ExplainedFile } from "../files/explained-file.js";
import type { SecretFilesOptions } from "../files/index.js";
import { headOf, type ExplainedRequest, type RequestToExplain } from "./explain-request.js";

/**
 * Explains which file the route of a request sends. It reads the disk, and sends nothing.
 * @param secretFiles which files are never served
 * @returns undefined for a route without files, and for a request that is refused
 */
export async function explainFile(
  { routing, folder }: ExplainedRequest,
  request: RequestToExplain,
  secretFiles: Pick<SecretFilesOptions, "paths" | "namedFiles">,
): Promise<ExplainedFile | undefined> {
  const action = routing.value?.action;
  if (folder?.path === undefined || action?.kind !== "files") return undefined;
  const { explainedFile } = await import("../files/explained-file.js");
  return explainedFile(action.files, folder.path, headOf(request), secretFiles);
}
