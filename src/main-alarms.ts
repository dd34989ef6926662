import { CloudPacer } from "../alarms/rate.ts";
import { createAlarmReader } from "./aws/alarm-reader.ts";
import { createAlarmWriter } from "./aws/alarm-writer.ts";
import type { AlarmCloud } from "./cli/doors.ts";
import type { Clock, Log } from "./domain/index.ts";

/** Joins adapters and pacing. Credentials and endpoints are found by the SDK, which is loaded at the first request. */
export function createAlarmCloud({ clock, log }: { readonly clock: Clock; readonly log: Log }): AlarmCloud {
  const pacer = new CloudPacer(clock);
  return {
    reader: createAlarmReader({}),
    writer: createAlarmWriter({}),
    pacer,
    close: () => {
      if (pacer.throttled > 0)
        log.info(`AWS throttled ${pacer.throttled} requests: somebody else uses the same account's rate`);
    },
  };
}
