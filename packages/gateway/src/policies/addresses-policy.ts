import { parseNetwork } from "@postern/net";
import { isListUrl } from "../middleware/addresses/address-step.js";
import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { textList } from "./policy-table.js";

/** The longest network: an IPv6 address with an embedded IPv4 address, and its bits. */
const LONGEST = 64;

export const allowIps: PolicyKind = {
  key: "allow_ips",
  read(value, options) {
    options.addresses = { deny: [], ...options.addresses, allow: networks(value, "allow_ips") };
  },
  write: ({ addresses }) => addresses?.allow,
  words: ({ addresses }) => addresses?.allow && countText(addresses.allow),
};

export const denyIps: PolicyKind = {
  key: "deny_ips",
  read(value, options) {
    const deny = networks(value, "deny_ips");
    if (deny.length === 0) invalid("deny_ips is empty, and has no effect");
    options.addresses = { ...options.addresses, deny };
  },
  write: ({ addresses }) => (addresses === undefined || addresses.deny.length === 0 ? undefined : addresses.deny),
  words: ({ addresses }) =>
    addresses === undefined || addresses.deny.length === 0 ? undefined : `without ${countText(addresses.deny)}`,
};

/** Networks in their canonical form, sorted, so that the same networks are the same policy. */
function networks(value: unknown, name: string): string[] {
  const entries = textList(value, name, LONGEST).map((entry) => {
    if (isListUrl(entry)) invalid(`${name} has a URL: only the configuration of the server may name lists at URLs`);
    const network = parseNetwork(entry) ?? invalid(`${name} has an entry that is neither an IP address nor a network`);
    return `${network.address}/${network.bits}`;
  });
  return [...new Set(entries)].toSorted();
}

/** `2 networks and 1 list` */
function countText(entries: readonly string[]): string {
  const lists = entries.filter(isListUrl).length;
  const own = entries.length - lists;
  const parts = [
    ...(own > 0 || lists === 0 ? [`${own} network${own === 1 ? "" : "s"}`] : []),
    ...(lists > 0 ? [`${lists} list${lists === 1 ? "" : "s"}`] : []),
  ];
  return parts.join(" and ");
}
