import { network } from "./address.js";
import type { Kind } from "./kind.js";
import { list } from "./list.js";
import { rewritten } from "./rewritten.js";
import { isFolderTarget } from "./local-folder.js";

/** Whether an entry of a list of addresses is the path of a file with more of them. */
export const isAddressFile = isFolderTarget;

/** A list of IP addresses and networks, and of files with such entries. */
export const addressSources: Kind<string[]> = list(addressSource());

function addressSource(): Kind<string> {
  const networks = network();
  const what =
    'an IP address, a network, or a file with one of them in each line, for instance "10.0.0.0/8" or "./office.txt"';
  return rewritten("address", what, { type: "string" }, (given) => {
    const text = given.trim();
    if (isAddressFile(text)) return text;
    const reading = networks.readText(text);
    return "value" in reading ? reading.value : undefined;
  });
}
