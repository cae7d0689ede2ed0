import type { ForwardAction } from "@postern/gateway/service";

type Balance = NonNullable<ForwardAction["balance"]>;

const TEXTS: Readonly<Record<Balance["strategy"], string>> = {
  round_robin: "in turn",
  weighted_round_robin: "in turn",
  least_connections: "the fewest requests in progress",
  random: "at random",
  random_two: "two at random, the one with fewer requests in progress",
  hash: "by hash of",
  first: "the first that is available",
  least_time: "two at random, the one that probably responds first",
};

/** How the target of a request to a route with several is chosen. */
export function choiceText({ balance = { strategy: "round_robin" }, targets }: ForwardAction): string {
  const { strategy, key, sticky } = balance;
  if (targets.every(({ weight }) => weight === 0)) return "none, because all targets have the weight 0";
  if (sticky === "address") return "always the same for the visitor's address";
  const text = strategy === "hash" ? `${TEXTS.hash} ${keyText(key)}` : TEXTS[strategy];
  const weights = targets.map(({ weight = 1 }) => weight);
  const isEven = weights.every((weight) => weight === weights[0]);
  const weighted = isEven || strategy === "first" ? text : `${text}; weights ${weights.join(", ")}`;
  return sticky === "cookie" ? `by the cookie postern_target; without it ${weighted}` : weighted;
}

function keyText(key: Balance["key"] = { kind: "address" }): string {
  return key.kind === "address" ? "the visitor's address" : `the ${key.kind} ${key.name}`;
}
