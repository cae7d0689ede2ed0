/** How one of several targets is chosen without a part of the request. */
export const STRATEGIES = [
  "round_robin",
  "weighted_round_robin",
  "least_connections",
  "random",
  "random_two",
  "first",
  "least_time",
] as const;
