import { expect, test } from "vitest";
import { redactedPath } from "./redacted-path.js";

test.for([
  ["/plain", "/plain"],
  ["/page?id=7&q=keys", "/page?id=7&q=keys"],
  ["/?token=abc", "/?token=***"],
  ["/cb?code=abc&state=xyz", "/cb?code=***&state=xyz"],
  ["/?a=1&ACCESS_TOKEN=a=b&c", "/?a=1&ACCESS_TOKEN=***&c"],
  ["/?api-key=abc;x=1", "/?api-key=***;x=1"],
  ["/?%74oken=abc", "/?%74oken=***"],
  ["/?X-Amz-Signature=abc", "/?X-Amz-Signature=***"],
  ["/?token[]=abc", "/?token[]=***"],
  ["/?user[password]=abc&user[name]=x", "/?user[password]=***&user[name]=x"],
  ["/?user%5Bpassword%5D=abc", "/?user%5Bpassword%5D=***"],
  ["/?accessToken=abc&clientSecret=d&sessionId=e", "/?accessToken=***&clientSecret=***&sessionId=***"],
  ["/?pass=abc&otp=123456", "/?pass=***&otp=***"],
  ["/?compass=1&monkeyBars=2", "/?compass=1&monkeyBars=2"],
  ["/?%zz=1", "/?%zz=1"],
  ["/?%74oken%5B%zz%5D=abc", "/?%74oken%5B%zz%5D=***"],
  ["/?monkey=1&keyboard=2", "/?monkey=1&keyboard=2"],
] as const)("%s is logged as %s", ([path, logged]) => expect(redactedPath(path)).toBe(logged));
