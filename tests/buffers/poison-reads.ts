import * as net from "@postern/net";
import { poisonReads, type Loans } from "@postern/testkit";

// A setup file of vitest (`npm run test:buffers`): the sockets of the test process itself.
const loans = net as Partial<Loans>;
poisonReads(loans.isLent === undefined ? undefined : (loans as Loans));
