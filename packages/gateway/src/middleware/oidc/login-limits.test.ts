import { expect, test } from "vitest";
import { routeSteps } from "../chain/route-steps.js";
import { outcome, stepRequest } from "../step-requests.suite.js";
import { POLICY, ScriptedBrowser, ScriptedLogins } from "./scripted-logins.suite.js";

test("a limit by user counts the requests of each account, whatever its address", async () => {
  const logins = new ScriptedLogins({ "a.test": POLICY });
  const rateLimit = { requestsPerMinute: 2, window: 60_000, byUser: true };
  const steps = routeSteps({ rateLimit, oidc: POLICY }, logins)!;
  const cookieOf = async (sub: string): Promise<string> => {
    logins.provider.claimsOf = async () => ({ sub, email: `${sub}@shop.example`, email_verified: true });
    const browser = new ScriptedBrowser(logins);
    await browser.logIn("https://a.test/");
    return [...browser.cookies("a.test")].map(([name, value]) => `${name}=${value}`).join("; ");
  };
  const [ann, bob] = [await cookieOf("ann"), await cookieOf("bob")];
  const ask = (cookie: string, address: string): string =>
    outcome(steps.check(stepRequest({ address }, { cookie, accept: "text/html" })));
  expect([ask(ann, "192.0.2.1"), ask(ann, "192.0.2.2"), ask(ann, "192.0.2.3")]).toEqual([
    "admitted",
    "admitted",
    "429 PN_ACCESS_RATE",
  ]);
  expect(ask(bob, "192.0.2.1")).toBe("admitted");
  steps.close();
});
