/**
 * The one contract of everything that runs: `start` may be called once; `stop` lets work in hand finish within the
 * thing's own bound, releases what it holds, and is safe to call twice and before `start`.
 */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}
