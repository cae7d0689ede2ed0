import { createHmac } from "node:crypto";
import type { WebhookOptions } from "./webhook-options.js";

/** A signed request. */
export interface RecordedWebhook {
  readonly options: WebhookOptions;
  /** In lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  /** Seconds of Unix time. */
  readonly time: number;
}

const SLACK_BODY =
  "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

/** Examples of the senders' documentation, and others whose signatures OpenSSL has made. */
export const RECORDED: Readonly<Record<string, RecordedWebhook>> = {
  github: {
    options: { kind: "github", secrets: ["It's a Secret to Everybody"] },
    fields: {
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
    body: "Hello, World!",
    time: 0,
  },
  slack: {
    options: { kind: "slack", secrets: ["8f742231b10e8888abcd99yyyzzz85a5"] },
    fields: {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    body: SLACK_BODY,
    time: 1_531_420_618,
  },
  stripe: {
    options: { kind: "stripe", secrets: ["whsec_test_secret"] },
    fields: {
      "stripe-signature": "t=1614265330,v1=3c5817089d739023dd6190f70a3757e04f7a2fd8b5dab12c2e000f51970dccff",
    },
    body: '{"id":"evt_test_webhook","object":"event"}',
    time: 1_614_265_330,
  },
  "standard webhooks": {
    options: { kind: "standard-webhooks", secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] },
    fields: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
    time: 1_614_265_330,
  },
  "hmac with SHA-1 in base64": {
    options: {
      kind: "hmac",
      secrets: ["key"],
      hmac: { header: "X-Signature", algorithm: "sha1", encoding: "base64", prefix: "" },
    },
    fields: { "x-signature": "jbX8aoH3aw16yN69Q8eLakSRkLM=" },
    body: '{"ok":true}',
    time: 0,
  },
  "hmac with SHA-512 in hex": {
    options: {
      kind: "hmac",
      secrets: ["key"],
      hmac: { header: "X-Signature", algorithm: "sha512", encoding: "hex", prefix: "sha512=" },
    },
    fields: {
      "x-signature":
        "sha512=dc2f7c1ebc8005cc3d451357173b77a1867f15fc93d4b7e8e32f9cac8d85a09d4ed56eb0d068578d0ee18d3516193e5baba1e4a5cafb11390ce169fc155f07c6",
    },
    body: '{"ok":true}',
    time: 0,
  },
};

/** The value of Stripe-Signature. */
export function stripeSignature(secret: string, time: number, body: string): string {
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
}
