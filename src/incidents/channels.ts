import type { Fleet, Incident } from "../domain/index.ts";

/**
 * Where an incident belongs: its deployment's, endpoint's or heartbeat's channel, else the fleet's. Without Slack but
 * with a fallback route the channel is `""`; with neither there is nowhere to tell it.
 */
export function channelsFor(fleet: Fleet, { scope, deployment }: Pick<Incident, "scope" | "deployment">): string[] {
  if (fleet.slack === undefined) return fleet.fallback === undefined ? [] : [""];
  const own =
    scope.kind === "endpoint"
      ? fleet.endpoints.find((one) => one.id === scope.id)?.slackChannel
      : scope.kind === "heartbeat"
        ? fleet.heartbeats.find((one) => one.id === scope.id)?.slackChannel
        : fleet.deployments.find((one) => one.id === deployment)?.slackChannel;
  return [own ?? fleet.slack.channel];
}

/** Where it is told now: every channel that has its card, and where it belongs; only the fallback when Slack is gone from the configuration. */
export function tellingChannels(fleet: Fleet, incident: Incident): string[] {
  const home = channelsFor(fleet, incident);
  if (fleet.slack === undefined) return home;
  const told = (incident.telling?.channels ?? []).filter((channel) => channel !== "");
  return [...new Set([...told, ...home])];
}
