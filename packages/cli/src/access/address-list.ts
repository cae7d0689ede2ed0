import { isAddressFile } from "@postern/config";
import { parseNetwork } from "@postern/net";
import { CliError } from "../errors.js";
import { readOwnedFile } from "../settings/owned-file.js";

/** The maximum size of a file with addresses, in bytes: more than 100,000 networks in their longest form. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A list of addresses, with the content of its files. */
export interface AddressList {
  /** IP addresses and networks. */
  networks: string[];
  /** Files to watch. */
  files: string[];
}

/**
 * Reads the files of a list. Throws PN_ADDRESS_LIST for a line that is no address, and as `readOwnedFile`.
 * @param pathOf the absolute path of a file that an entry names
 */
export async function readAddressList(
  entries: readonly string[],
  pathOf: (entry: string) => string,
): Promise<AddressList> {
  const list: AddressList = { networks: [], files: [] };
  for (const entry of entries) {
    if (!isAddressFile(entry)) {
      list.networks.push(entry);
      continue;
    }
    const file = pathOf(entry);
    const { bytes } = await readOwnedFile(file, MAX_BYTES);
    list.files.push(file);
    for (const network of networksIn(bytes.toString("utf8"), file)) list.networks.push(network);
  }
  return list;
}

/** One address or network in each line; `#` and `;` start a comment. */
function* networksIn(text: string, file: string): Generator<string> {
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const entry = line.replace(/[#;].*/, "").trim();
    if (entry === "") continue;
    if (parseNetwork(entry) === undefined)
      throw new CliError(
        "PN_ADDRESS_LIST",
        `${file}, line ${index + 1}: ${JSON.stringify(entry.slice(0, 60))} is not an IP address or a network.`,
        "Write one address or network in each line, for instance 192.0.2.1, 10.0.0.0/8 or fd00::/8. `#` starts a comment.",
      );
    yield entry;
  }
}
