import { z } from "zod";
import { CHECK_KINDS } from "../domain/index.ts";
import { forEachKind } from "./kinds.ts";
import * as leaf from "./leaves.ts";

const checkSettings = z.strictObject({
  enabled: leaf.yesNo().optional().describe("Whether this kind runs."),
  schedule: leaf
    .cron('six fields, seconds first, like "*/10 * * * * *"')
    .optional()
    .describe("Cron with seconds; its fire times are the slots."),
  timezone: leaf.timezone().optional().describe("Time zone of the schedule."),
  timeout: leaf.duration("100ms", "5m").optional().describe("Deadline of one probe."),
  failures: leaf.whole(1, 100).optional().describe("Bad observations within the window that turn a target bad."),
  successes: leaf.whole(1, 100).optional().describe("Good observations in a row that turn it good."),
  window: leaf.whole(1, 100).optional().describe("How many observations back failures are counted."),
  connection: leaf
    .oneOf(["fresh", "reuse"])
    .optional()
    .describe("fresh: a new connection for each probe; reuse: keep-alive."),
  certificateDays: leaf.whole(0, 3650).optional().describe("Days before expiry from which a certificate is degraded."),
  slow: leaf
    .duration("1ms", "5m")
    .optional()
    .describe("Duration from which a good answer is degraded; never unless set."),
});

/** `checks`: one optional block for each kind, so that an unknown kind is an unknown key. */
export const checksSchema = z.strictObject(
  forEachKind((kind) => checkSettings.optional().describe(`Settings of the check ${kind}.`)),
);

const prefix = "an exact name, or a beginning followed by *";

const match = z
  .strictObject({
    deployment: leaf.text("the id of a deployment").optional().describe(`Deployment: ${prefix}.`),
    check: leaf.oneOf(CHECK_KINDS).optional().describe("Kind of check."),
    target: leaf.text("the id of a target").optional().describe(`Target, like acme/acme-1: ${prefix}.`),
    cause: leaf.text("a cause").optional().describe(`Cause of an incident: ${prefix}.`),
  })
  .describe("What it applies to: every given field must match.");

/** One silence. */
export const silenceSchema = z.strictObject({
  id: leaf.id().optional().describe("Name of the silence; made from its content unless set."),
  match,
  from: leaf.instant().optional().describe("When it begins; at once unless set."),
  until: leaf.instant().describe("When it ends: silences always end."),
  reason: leaf.text("a reason").optional().describe("Why; shown to people."),
  by: leaf.text("a name").optional().describe("Who asked for it. Default fleet.yaml."),
});

/** One maintenance window. */
export const maintenanceSchema = z.strictObject({
  id: leaf.id().optional().describe("Name of the window; made from its content unless set."),
  match,
  schedule: leaf
    .cron('five fields, or six with seconds first, like "0 2 * * 0"')
    .describe("Cron expression of the beginnings."),
  duration: leaf.duration("1m", "30d").describe("How long each lasts."),
  timezone: leaf.timezone().optional().describe("Time zone of the schedule. Default UTC."),
  reason: leaf.text("a reason").optional().describe("Why; shown to people."),
});
