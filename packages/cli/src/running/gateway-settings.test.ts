import { expect, test } from "vitest";
import { readSettings } from "../settings/configuration.js";
import { gatewayExposure } from "./gateway-settings.js";

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
