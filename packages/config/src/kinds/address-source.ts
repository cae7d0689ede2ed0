import { network } from "./address.js";
import type { Kind } from "./kind.js";
import { list } from "./list.js";
import { rewritten } from "./rewritten.js";
import { isFolderTarget } from "./local-folder.js";

/** Whether an entry of a list of addresses is the path of a file with more of them. */
export const isAddressFile = isFolderTarget;

/** Whether an entry of a list of addresses is the URL of a list. */
export function isListUrl(entry: string): boolean {
  return /^https?:\/\//.test(entry);
}

/** A list of IP addresses and networks, and of files and URLs with such entries. */
export const addressSources: Kind<string[]> = list(addressSource());

function addressSource(): Kind<string> {
  const networks = network();
  const what =
    'an IP address, a network, or a file or URL with one of them in each line, for instance "10.0.0.0/8", "./office.txt" or "https://example.com/ips"';
  return rewritten("address", what, { type: "string" }, (given) => {
    const text = given.trim();
    if (isAddressFile(text)) return text;
    if (/^https?:\/\//i.test(text)) return listUrl(text);
    const reading = networks.readText(text);
    return "value" in reading ? reading.value : undefined;
  });
}

/** With `http://`, anyone on the way could change the list, so it is only allowed for this machine. */
function listUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.username + url.password !== "" || url.hash !== "") return undefined;
  return url.protocol === "https:" || isLoopbackHost(url.hostname) ? url.href : undefined;
}

function isLoopbackHost(host: string): boolean {
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /^(.+\.)?localhost$/.test(host);
}
