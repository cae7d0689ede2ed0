import { parseNetwork, type Network } from "@postern/net";

/** A line that is neither an address nor a network. */
export interface AddressFault {
  readonly line: number;
  /** The first characters of the line. */
  readonly text: string;
}

/** Characters of a faulty line that are shown. */
const SHOWN = 60;

/** Reads a list with one address or network in each line; `#` and `;` start a comment. */
export function readAddressLines(text: string): readonly Network[] | AddressFault {
  const networks: Network[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const entry = line.replace(/[#;].*/, "").trim();
    if (entry === "") continue;
    const network = parseNetwork(entry);
    if (network === undefined) return { line: index + 1, text: entry.slice(0, SHOWN) };
    networks.push(network);
  }
  return networks;
}
