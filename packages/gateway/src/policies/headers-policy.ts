import { invalid } from "./policy-error.js";
import type { PolicyKind } from "./policy-kind.js";
import { PolicyTable } from "./policy-table.js";

const LONGEST_VALUE = 2_000;

/** Headers that the server sets on requests to a tunnel, and on its responses. */
export const headers: PolicyKind = {
  key: "headers",
  read(value, options) {
    const table = new PolicyTable(value, "headers");
    const request = table.pairs("request", LONGEST_VALUE);
    const response = table.pairs("response", LONGEST_VALUE);
    table.end();
    if (Object.keys(request ?? {}).length + Object.keys(response ?? {}).length === 0)
      invalid("headers needs request or response");
    options.headers = {
      ...(request === undefined ? {} : { request: { set: request } }),
      ...(response === undefined ? {} : { response: { set: response } }),
    };
  },
  write: ({ headers: given }) => given && { request: given.request?.set, response: given.response?.set },
  words({ headers: given }) {
    if (given === undefined) return undefined;
    const names = (set: Readonly<Record<string, string>> = {}): string => Object.keys(set).join(", ");
    const parts = [
      ["to the service", names(given.request?.set)],
      ["to visitors", names(given.response?.set)],
    ].filter(([, each]) => each !== "");
    return parts.map(([where, each]) => `${each} ${where}`).join("; ");
  },
};
