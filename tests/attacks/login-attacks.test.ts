import { expect, onTestFinished, test } from "vitest";
import { TokenIssuer } from "@postern/testkit";
import { expectAccepted, launch, TokenServer } from "../login/token-server.ts";

test("an open tunnel ends when the issuer no longer allows its name", async () => {
  const issuer = await TokenIssuer.start(onTestFinished);
  const jwt = `introspection_url = "${issuer.url}/introspect"\nintrospection_interval = "1s"\nuser_claim = "username"`;
  const server = await TokenServer.start(onTestFinished, jwt);
  issuer.opaque.set("canary-opaque", { active: true, username: "alice", postern_names: ["web"] });
  const client = launch(server, { token: "canary-opaque", subdomain: "web" });
  expect(await expectAccepted(client)).toBe("web");
  issuer.opaque.set("canary-opaque", { active: true, username: "alice", postern_names: ["other"] });
  await client.program.ends(3);
  expect(client.program.stderr).toContain("PN_NAME_FORBIDDEN");
});
