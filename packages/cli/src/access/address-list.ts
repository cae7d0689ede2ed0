import { isAddressFile } from "@postern/config";
import { readAddressLines } from "@postern/gateway/policies";
import { CliError } from "../errors.js";
import { readOwnedFile } from "../settings/owned-file.js";

/** The maximum size of a file with addresses, in bytes: more than 100,000 networks in their longest form. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A list of addresses, with the content of its files. */
export interface AddressList {
  /** IP addresses, networks, and URLs of lists. */
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
    const read = readAddressLines((await readOwnedFile(file, MAX_BYTES)).bytes.toString("utf8"));
    list.files.push(file);
    if ("line" in read)
      throw new CliError(
        "PN_ADDRESS_LIST",
        `${file}, line ${read.line}: ${JSON.stringify(read.text)} is not an IP address or a network.`,
        "Write one address or network in each line, for instance 192.0.2.1, 10.0.0.0/8 or fd00::/8. `#` starts a comment.",
      );
    for (const { address, bits } of read) list.networks.push(`${address}/${bits}`);
  }
  return list;
}
