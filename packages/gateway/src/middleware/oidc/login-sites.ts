/** Where the visitors of a policy may log in. A site is a scheme and a host with its port, as `https://a.example`. */
export interface LoginSites {
  /** The site to which the provider sends visitors of `site` back. */
  readonly callbackSite: (site: string) => string;
  /**
   * Whether the visitors of `site` may log in. A site with a callback elsewhere gets the code of a login from there.
   * Because visitors choose the Host field, it must be one that the operator has named: otherwise anybody could have
   * the code of another visitor sent to a server of their own.
   */
  readonly accepts: (site: string) => boolean;
}

/** The sites of a provider that many policies share. */
export interface SharedSites {
  readonly callbackSite: () => string;
  /** Whether the operator has named this site. */
  readonly isSite: (site: string) => boolean;
}

/** Each site is its own callback: the provider knows all of them, and refuses others. */
export const OWN_SITES: LoginSites = { callbackSite: (site) => site, accepts: () => true };

export function sharedSites({ callbackSite, isSite }: SharedSites): LoginSites {
  return { callbackSite, accepts: (site) => site === callbackSite() || isSite(site) };
}

/**
 * The sites of a route with a callback on another host.
 * @param host of the route; others could lead anywhere
 * @throws RangeError if it is not one host
 */
export function sitesOfHost(callbackUrl: string, host: string | undefined): LoginSites {
  if (host === undefined || host.startsWith("*"))
    throw new RangeError("Routes with logins need a host without a wildcard if the provider has one callback URL.");
  const { origin, protocol, port } = new URL(callbackUrl);
  const site = `${protocol}//${host}`;
  // On another port of the host, somebody else could listen.
  const sites = [site, ...(port === "" ? [] : [`${site}:${port}`])];
  return sharedSites({ callbackSite: () => origin, isSite: (given) => sites.includes(given) });
}
