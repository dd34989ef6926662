import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp, type Server } from "node:net";
import type { FarmMessage, FarmSettings } from "./farm.ts";

/** A process full of small cores, one port each: cheap targets, so that what is measured is the prober. */
const settings = JSON.parse(process.argv[2] ?? "{}") as FarmSettings;
const failing = new Set<number>();
const jwks = JSON.stringify({ keys: [{ kty: "RSA", kid: "s-bench", n: "AQAB", e: "AQAB", alg: "RS256", use: "sig" }] });

const answer: RequestListener = (request, response) => {
  if (failing.has(request.socket.localPort ?? 0)) {
    response.writeHead(503, { "content-type": "text/plain" }).end("no");
  } else if (request.url?.endsWith("/jwks.json") === true) {
    response.writeHead(200, { "content-type": "application/json", "content-length": jwks.length }).end(jwks);
  } else response.writeHead(200, { "content-type": "text/html;charset=UTF-8", "content-length": 6 }).end("Hello\n");
};
const http =
  settings.tls === undefined
    ? createHttp({ keepAliveTimeout: 120_000 }, answer)
    : createHttps({ keepAliveTimeout: 120_000, key: settings.tls.key, cert: settings.tls.cert }, answer);

const doors: Server[] = [];
for (let i = 0; i < settings.count; i++) {
  const door = createTcp((socket) => void http.emit("connection", socket));
  doors.push(door);
  await new Promise<void>((resolve, reject) => {
    door.once("error", reject);
    door.listen(settings.basePort + i, "127.0.0.1", 64, resolve);
  });
}
process.on("message", (message: FarmMessage) => {
  failing.clear();
  for (const core of message.failing) failing.add(settings.basePort + core);
  process.send?.({ failing: failing.size });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
