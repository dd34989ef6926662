import { parentPort } from "node:worker_threads";

/** A thread of the generator that is ready, and dies of its first stage. */
parentPort?.on("message", () => {
  throw new Error("the scenario ran out of its mind");
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port knows no origins
parentPort?.postMessage({ type: "ready" });
