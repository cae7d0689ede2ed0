import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseLocalAddress } from "@postern/client/command";
import { isFolderTarget } from "@postern/config";
import { CliError } from "../errors.js";

/** The local service to share. */
export type LocalTarget = AddressTarget | FolderTarget;

export interface AddressTarget {
  /** In the form that `connect` accepts. */
  local: string;
  /** As a URL, for messages. */
  shown: string;
  folder?: undefined;
}

export interface FolderTarget {
  local?: undefined;
  /** Absolute. */
  folder: string;
  /** As it was written. */
  shown: string;
}

/** Parses the target argument. A folder begins with `.`, `/` or a drive. Throws PN_TARGET_INVALID. */
export function localTarget(text: string): LocalTarget {
  if (isFolderTarget(text)) return { folder: resolve(text), shown: text };
  if (isFolder(text)) {
    const fix = `For the folder, write ./${text}; for a host with this name, write http://${text}`;
    throw new CliError("PN_TARGET_INVALID", `${text} is the name of a folder here.`, fix);
  }
  try {
    const { tls, authority } = parseLocalAddress(text);
    return { local: text, shown: `${tls ? "https" : "http"}://${authority}` };
  } catch (error) {
    throw new CliError("PN_TARGET_INVALID", error instanceof Error ? error.message : String(error));
  }
}

function isFolder(text: string): boolean {
  return /^[^:]*\D[^:]*$/.test(text) && statSync(text, { throwIfNoEntry: false })?.isDirectory() === true;
}
