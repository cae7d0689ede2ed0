import type { ServerCredentials } from "../../credentials/server-credentials.js";
import { quoted } from "../../settings/owned-file.js";

/**
 * The command to run next to a service, for a login that the server accepts. It names files, because other users can
 * read the arguments of a process.
 */
export function clientCommand(url: string, { keys: { keys, file }, tokens }: ServerCredentials): string {
  const command = `postern http 3000 --server ${url}`;
  // A server's key file that contains only one key is also valid as a client's key file.
  if (keys.length > 0)
    return `${command} --api-key-file ${file !== undefined && keys.length === 1 ? quoted(file) : "my.key"}`;
  if (tokens !== undefined) return `${command} --token-file my.token`;
  return `${command} --cert-file client.pem --key-file client.key`;
}
