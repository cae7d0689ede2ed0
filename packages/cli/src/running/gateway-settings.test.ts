import { expect, test } from "vitest";
import { readSettings } from "../settings/configuration.js";
import { gatewayExposure, isFixedGatewayOption } from "./gateway-settings.js";

test("a reload applies the provider of logins and the certificates, and not the addresses", () => {
  const isFixed = (...path: string[]): boolean => isFixedGatewayOption(["server", ...path]);
  expect([isFixed("oidc", "issuer"), isFixed("ssl", "cert_file"), isFixed("request_timeout")]).toEqual([
    false,
    false,
    false,
  ]);
  expect([isFixed("listen"), isFixed("ssl", "https_port"), isFixed("state_dir")]).toEqual([true, true, true]);
});

test.for([
  [{}, {}, []],
  [{ "--listen": "127.0.0.1:80" }, {}, []],
  [{ "--port": "80" }, {}, [/at 0\.0\.0\.0:80\. .* use --listen 127\.0\.0\.1:80\.$/]],
  [{ "--listen": "[::]:80" }, {}, [/use --listen 127\.0\.0\.1:80\.$/]],
  [{}, { POSTERN_SERVER_DEFAULT_PORT: "80" }, [/set listen = "127\.0\.0\.1:80" in \[server\]\.$/]],
] as [Record<string, string>, Record<string, string>, RegExp[]][])(
  "a gateway for other machines is a warning that says how to keep them out: %j %j",
  async ([flags, env, warnings]) => {
    const settings = await readSettings({ config: undefined, readsNoFile: true, env, flags, command: "serve" });
    expect(gatewayExposure(settings)).toEqual(warnings.map((each) => expect.stringMatching(each)));
  },
);
