import { CliError } from "./errors.js";

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Checks the domain below which tunnels get their names, in lower case. Throws PN_DOMAIN_INVALID. */
export function parseBaseDomain(text: string): string {
  const domain = text.trim().toLowerCase().replace(/\.$/, "");
  if (domain.length <= 190 && domain.split(".").every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(domain))
    return domain;
  throw new CliError(
    "PN_DOMAIN_INVALID",
    `"${text}" is not a base domain.`,
    "Give a host name alone, for instance tunnel.example.com: tunnels then are NAME.tunnel.example.com.",
  );
}
