import { eventOf, matchAlarm } from "../../alarms/receipt.ts";
import type { CloudPacer } from "../../alarms/rate.ts";
import { paceAccount } from "../../alarms/read.ts";
import { isOwned, TAG, tagValue } from "../../alarms/tags.ts";
import type { AlarmReader, AlarmRecord, AlarmState, CloudPlace, Fleet, ObservedAlarm } from "../domain/index.ts";

/** One alarm as CloudWatch has it now. */
export interface AlarmNow {
  readonly name: string;
  readonly state: AlarmState;
  /** Epoch ms of its last change of state. */
  readonly stateAt: number;
}

/** What {@link createAlarmsOf} works with. */
export interface AlarmsOfOptions {
  readonly fleet: Fleet;
  /** Id of the deployment. */
  readonly deployment: string;
  readonly reader: AlarmReader;
  readonly pacer: CloudPacer;
  /** What corewatch made by now: some alarms are only known by it. */
  readonly record: () => Promise<AlarmRecord>;
  readonly signal: AbortSignal;
}

/** DescribeAlarms takes this many names. */
const NAMES = 100;
/** Alarms that are made while somebody looks are found after so many looks. */
const LOOKS_BETWEEN_SEARCHES = 6;

/** Reads the alarms of a deployment that corewatch manages: of the whole account now and then, in between those by name. @throws CloudError */
export function createAlarmsOf(options: AlarmsOfOptions): () => Promise<readonly AlarmNow[]> {
  const { fleet, deployment, reader, pacer, record, signal } = options;
  const found = fleet.deployments.find((one) => one.id === deployment);
  const place: CloudPlace = { region: found?.region ?? fleet.region, roleArn: found?.roleArn };
  let names: readonly string[] = [];
  let looks = 0;

  return async () => {
    // Without a load balancer in AWS it has no alarm there.
    if (found?.loadBalancer === undefined) return [];
    const call = pacer.call(paceAccount(place), await reader.region(place), signal);
    if (names.length > 0 && looks++ % LOOKS_BETWEEN_SEARCHES !== 0) {
      const alarms: ObservedAlarm[] = [];
      for (let from = 0; from < names.length; from += NAMES)
        alarms.push(...(await reader.alarmsNamed(place, names.slice(from, from + NAMES), call)));
      return alarms.map(nowOf);
    }
    const made = await record();
    const isOfDeployment = (alarm: ObservedAlarm): boolean =>
      matchAlarm(eventOf(alarm), fleet, made)?.deployments.includes(deployment) === true;
    const tagged = await reader.tagged(place, TAG.fleet, tagValue(fleet.name), call);
    const tags = new Map(tagged.map((one) => [one.arn, one.tags]));
    const ours = (await reader.alarms(place, call)).filter(
      (one) => isOwned(tags.get(one.arn), fleet.name, one.definition.name) && isOfDeployment(one),
    );
    names = ours.map((one) => one.definition.name);
    return ours.map(nowOf);
  };
}

function nowOf({ definition, state, stateAt }: ObservedAlarm): AlarmNow {
  return { name: definition.name, state, stateAt };
}
