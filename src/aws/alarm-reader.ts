import type { AlarmReader, CloudPlace } from "../domain/index.ts";
import { readBalancers } from "./alarm-balancers.ts";
import { alarmClients, type AlarmClients } from "./alarm-clients.ts";
import type { AwsOverrides } from "./clients.ts";
import { readAlarms, readAlarmsNamed, readMuteRules, readSeries } from "./cloudwatch.ts";
import { toCloudError } from "./errors.ts";
import { readTopic } from "./sns.ts";
import { readTagged, readTags } from "./tags.ts";

/** Reads CloudWatch, SNS, tags and load balancers. Each service's SDK is loaded at its first read. */
export function createAlarmReader(overrides: AwsOverrides): AlarmReader {
  const clients = alarmClients(overrides);
  return {
    region: (place) => regionOf(clients, place),
    alarms: (place, call) => readAlarms(clients, place, call),
    alarmsNamed: (place, names, call) => readAlarmsNamed(clients, place, names, call),
    tagged: (place, key, value, call) => readTagged(clients, place, key, value, call),
    tags: (place, arn, call) => readTags(clients, place, arn, call),
    topic: (place, arn, call) => readTopic(clients, place, arn, call),
    series: (place, namespace, metric, call) => readSeries(clients, place, namespace, metric, call),
    balancers: (place, call) => readBalancers(clients, place, call),
    muteRules: (place, prefix, call) => readMuteRules(clients, place, prefix, call),
  };
}

async function regionOf(clients: AlarmClients, place: CloudPlace): Promise<string> {
  if (place.region !== undefined) return place.region;
  try {
    const client = await clients.cloudwatch.for(place);
    return await client.config.region();
  } catch (error) {
    const { signal } = new AbortController();
    throw toCloudError(error, { permission: "", subject: "the alarms", region: undefined, signal });
  }
}
