// Run as a process: `node origin-main.js PORT`. /endless streams without end, /held never responds, other paths return
// hello.
import { createServer } from "node:http";

const server = createServer((incoming, outgoing) => {
  if (incoming.url === "/held") return;
  if (incoming.url !== "/endless") {
    outgoing.end("hello\n");
    return;
  }
  outgoing.write("begun\n");
  const timer = setInterval(() => outgoing.write(`${"more".repeat(64)}\n`), 20);
  outgoing.on("close", () => clearInterval(timer));
});
server.listen(Number(process.argv[2]), "127.0.0.1");
