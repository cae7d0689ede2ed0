import { expect, onTestFinished, test } from "vitest";
import { fieldValues, Published, ServerProcess, startEchoOrigin } from "@postern/testkit";

test("a request to a tunnel that leads back to its server passes four times, and then ends", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const loop = await Published.start(onTestFinished, server.port, { server });
  const { status, headers } = await loop.visit("/round");
  expect([status, headers["postern-error"]]).toEqual([508, "PN_ORIGIN_LOOP"]);
  await loop.client.event("http_request", 4);
  expect((await loop.visit("/")).status).toBe(508);
  await loop.client.event("http_request", 8);
  expect(loop.client.count("http_request")).toBe(8);
});

test("a request may pass two servers, and each tells the origin of itself", async () => {
  const echo = await startEchoOrigin(onTestFinished);
  const inner = await Published.start(onTestFinished, echo.port, { subdomain: "inner" });
  const outer = await Published.start(onTestFinished, inner.port, {
    server: await ServerProcess.start(onTestFinished, { env: { POSTERN_TUNNEL_SERVER_VIA: "true" } }),
    args: ["--host-header", inner.host],
  });
  expect((await outer.visit("/")).status).toBe(200);
  const { rawHeaders } = echo.last;
  const [first, second, ...more] = fieldValues(rawHeaders, "cdn-loop");
  expect(first).toMatch(/^postern-[0-9a-f]{16}$/);
  expect(second).toMatch(/^postern-[0-9a-f]{16}$/);
  expect(second).not.toBe(first);
  expect(more).toEqual([]);
  // Only the outer server is configured to send it.
  expect(fieldValues(rawHeaders, "via")).toEqual(["1.1 postern"]);
  await outer.client.program.waitFor("the probe of the outer tunnel", () =>
    outer.client.events.some(({ type, data }) => type === "status_update" && data["data_plane"] === "ok"),
  );
});
