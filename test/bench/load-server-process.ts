import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A server that is load's target in a process of its own: says Hello, and writes down when it was asked and when it had answered, on the
 * clock that all processes of the host share. `freeze`: of every five seconds it stands still for one.
 */
const freezes = process.argv[2] === "freeze";
const FREEZE_EVERY_MS = 5000;
const FREEZE_MS = 1000;
/** Of a freezing server, as the service that was measured has it. */
const SERVICE_MS = 2;

let asked: number[] = [];
/** Answered at, by the number in the path. */
let answered: (number | null)[] = [];
let logs = false;

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const answer = (): void => {
    response.writeHead(200, { "content-length": 6, "x-core": "bench-1" });
    response.end("Hello\n");
    if (logs) answered[Number(request.url?.slice(1)) || 0] = now();
  };
  if (logs) asked.push(now());
  if (freezes) setTimeout(answer, SERVICE_MS);
  else answer();
});

function freeze(): void {
  if (logs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FREEZE_MS);
}

if (freezes) setInterval(freeze, FREEZE_EVERY_MS);
process.on("message", (message: "log" | "tell") => {
  if (message === "tell") process.send?.({ asked, answered });
  logs = message === "log";
  asked = [];
  answered = [];
  if (logs) process.send?.("logging");
});
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
