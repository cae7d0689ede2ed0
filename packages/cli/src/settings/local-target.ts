import { parseLocalAddress } from "@postern/client/command";
import { CliError } from "../errors.js";

/** The local service to share. */
export interface LocalTarget {
  /** In the form that `connect` accepts. */
  local: string;
  /** As a URL, for messages. */
  shown: string;
}

/** Parses the target argument. Throws PN_TARGET_INVALID and PN_TARGET_FOLDER. */
export function localTarget(text: string): LocalTarget {
  if (/^(\.{1,2}$|\.{0,2}[\\/]|~|[A-Za-z]:[\\/])/.test(text)) {
    throw new CliError(
      "PN_TARGET_FOLDER",
      "This version cannot share a folder: start a web server in it and share that server's port.",
    );
  }
  try {
    const { tls, authority } = parseLocalAddress(text);
    return { local: text, shown: `${tls ? "https" : "http"}://${authority}` };
  } catch (error) {
    throw new CliError("PN_TARGET_INVALID", error instanceof Error ? error.message : String(error));
  }
}
