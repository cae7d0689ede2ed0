import type { Bound, RequestRecord } from "@postern/protocol";
import { recordedControls } from "@postern/testkit";
import { expect, test } from "vitest";
import { requestData } from "../status/request-data.js";
import { checkGrant } from "./grant.js";

const messages = recordedControls().map(({ message }) => message);

test("the grant of a server of an earlier version is accepted", () => {
  const bound = messages.find(({ type }) => type === "bound") as unknown as Bound;
  expect(bound.name).toBe("web");
  expect(() => checkGrant(bound)).not.toThrow();
});

test("the request records of a server of an earlier version become events with all of their fields", () => {
  const records = messages.flatMap(({ records = [] }) => records as RequestRecord[]);
  expect(records.map(({ path }) => path)).toEqual(["/one", "/two", "/late", "/late"]);
  expect(records.map(requestData)).toEqual(records);
});
