import { TunnelError, type Bound } from "@postern/protocol";

/** The length of the longest texts of a grant, in characters. A host name has at most 253. */
const LONGEST = { public_url: 512, tunnel_id: 128, name: 253 } as const;

const STRATEGY = /^[a-z][a-z0-9_]{0,63}$/;
/** The most policies, and the longest words about one. */
const [MOST_POLICIES, LONGEST_WORDS] = [64, 200];

const PRINTABLE = /^[\x21-\x7e]+$/;
const WORDS = new RegExp(`^[\\x20-\\x7e]{0,${LONGEST_WORDS}}$`);

/**
 * Checks what a server grants: its texts are shown to people, kept as long as the tunnel is open, and the address may
 * become a link. @throws TunnelError PN_PROTOCOL.
 */
export function checkGrant({ tunnel_id, name, public_url, strategy, policies = {} }: Bound): void {
  if (!isPublicUrl(public_url))
    throw new TunnelError(
      "PN_PROTOCOL",
      `the tunnel's address is not an http or https URL of at most ${LONGEST.public_url} characters`,
    );
  if (!isText(tunnel_id, LONGEST.tunnel_id) || !isText(name, LONGEST.name))
    throw new TunnelError("PN_PROTOCOL", "the tunnel's id or name is empty, too long or not printable");
  if (strategy !== undefined && !isStrategyName(strategy))
    throw new TunnelError("PN_PROTOCOL", "the strategy of the tunnel's group is not a name");
  const entries = Object.entries(policies);
  const isShort = entries.length <= MOST_POLICIES;
  if (!isShort || !entries.every(([kind, words]) => isText(kind, LONGEST_WORDS) && WORDS.test(words)))
    throw new TunnelError("PN_PROTOCOL", "the tunnel's policies are too many, too long or not printable");
}

/** Whether `text` can be the name of a strategy, also of one that this version does not know. */
export function isStrategyName(text: string): boolean {
  return STRATEGY.test(text);
}

/** Whether `text` can be the public address of a tunnel. */
export function isPublicUrl(text: string): boolean {
  const url = isText(text, LONGEST.public_url) ? URL.parse(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

function isText(text: string, longest: number): boolean {
  return text.length <= longest && PRINTABLE.test(text);
}
