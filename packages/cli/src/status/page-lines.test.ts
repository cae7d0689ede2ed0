import type { StatusDocument } from "@postern/client/status";
import { expect, test } from "vitest";
import { pageLines } from "./page-lines.js";
import type { ClientResponse } from "./query-client.js";

function response(pid: number, token?: string, document = {} as StatusDocument | undefined): ClientResponse {
  const client = { schema: 1, pid, api: `http://127.0.0.1:${4039 + pid}`, started: "", command: "http" } as const;
  return { client: { ...client, ...(token !== undefined && { token }) }, ...(document && { document }), isGone: false };
}

test("the page of a client", () => {
  expect(pageLines([response(1, "t1")])).toEqual(["Status page: http://127.0.0.1:4040/#token=t1"]);
});

test("the pages of several clients; one that does not respond and one of an older version have none", () => {
  const silent: ClientResponse = { ...response(3, "t3"), document: undefined as never };
  expect(pageLines([response(1, "t1"), response(2, "t2"), silent, response(4)])).toEqual([
    "Status page of process 1: http://127.0.0.1:4040/#token=t1",
    "Status page of process 2: http://127.0.0.1:4041/#token=t2",
  ]);
});
