declare module "pg-copy-streams" {
  import type { Submittable } from "pg";
  import type { Readable, Writable } from "node:stream";

  /** COPY … TO STDOUT as a stream of its bytes; `rowCount` is known at its end. */
  export function to(sql: string): Readable & Submittable & { rowCount: number };
  /** COPY … FROM STDIN as a sink. */
  export function from(sql: string): Writable & Submittable & { rowCount: number };
}
