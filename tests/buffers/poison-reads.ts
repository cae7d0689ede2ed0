import * as net from "@postern/net";
import { poisonReads } from "@postern/testkit";

// A setup file of vitest (`npm run test:buffers`): the sockets of the test process itself.
poisonReads(net);
