import type { ControlMessage } from "@postern/protocol";
import { recordedControls } from "@postern/testkit";
import { expect, test } from "vitest";
import { ApiKeys } from "../login/api-keys.js";
import { ScriptedPeer, sessionDependencies } from "./session-pair.suite.js";

const KEY = "0123456789abcdef0123456789abcdef";

test("a client of an earlier version gets the responses that its server sent", async () => {
  const controls = recordedControls();
  const recorded = (type: string): ControlMessage =>
    controls.find(({ message }) => message.type === type)?.message as unknown as ControlMessage;
  const authenticator = new ApiKeys([{ owner: "me", key: KEY }]);
  const publicUrl = (name: string): string => `http://${name}.localhost:18181`;
  const peer = new ScriptedPeer(sessionDependencies({ authenticator, publicUrl }));
  const random = expect.any(String) as string;
  expect(await peer.ask(recorded("hello"))).toEqual({ ...recorded("welcome"), session: random });
  expect(await peer.ask(recorded("bind"))).toEqual({ ...recorded("bound"), tunnel_id: random });
});
