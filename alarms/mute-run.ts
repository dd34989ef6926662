import { CloudError, type AlarmReader, type AlarmWriter, type CloudCall } from "../src/domain/index.ts";
import type { MutedAlarm, MuteStep } from "./mute.ts";
import { isOwned, TAG } from "./tags.ts";

/**
 * Carries out one step of a mute. Whatever is disabled bears its tag before, and loses it only after it is enabled, so
 * that a process that dies in between leaves nothing mute that does not say so. Alarms that are not ours any more, or
 * gone, are left out. A step that fails is planned again at the next look.
 * @throws CloudError
 */
export async function runMuteStep(
  step: MuteStep,
  fleet: string,
  ports: { readonly reader: AlarmReader; readonly writer: AlarmWriter },
  call: CloudCall,
): Promise<void> {
  const { writer } = ports;
  const { place } = step;
  switch (step.does) {
    case "put-rule":
      return writer.putMuteRule(place, step.rule, call);
    case "delete-rule":
      return writer.deleteMuteRule(place, step.name, call);
    case "disable": {
      const ours = await stillOurs(step.alarms, step, fleet, ports.reader, call);
      if (ours.length === 0) return;
      for (const { arn } of ours) await writer.tag(place, arn, { [TAG.mutedUntil]: step.until }, call);
      return writer.setActionsEnabled(place, namesOf(ours), false, call);
    }
    case "enable": {
      const ours = await stillOurs(step.alarms, step, fleet, ports.reader, call);
      if (ours.length === 0) return;
      await writer.setActionsEnabled(place, namesOf(ours), true, call);
      for (const { arn } of ours) await writer.untag(place, arn, [TAG.mutedUntil], call);
    }
  }
}

async function stillOurs(
  alarms: readonly MutedAlarm[],
  { place }: MuteStep,
  fleet: string,
  reader: AlarmReader,
  call: CloudCall,
): Promise<MutedAlarm[]> {
  const ours: MutedAlarm[] = [];
  for (const alarm of alarms) {
    try {
      if (isOwned(await reader.tags(place, alarm.arn, call), fleet, alarm.name)) ours.push(alarm);
    } catch (error) {
      if (!(error instanceof CloudError) || error.failure !== "not-found") throw error;
    }
  }
  return ours;
}

function namesOf(alarms: readonly MutedAlarm[]): string[] {
  return alarms.map((one) => one.name);
}
