import { stringify } from "yaml";

/** A scope that the app asks for, and what for. `needed`: without it nothing is delivered. */
export interface Scope {
  readonly name: string;
  readonly needed: boolean;
  readonly why: string;
}

/** The least that corewatch needs of a workspace. */
export const SCOPES: readonly Scope[] = [
  { name: "chat:write", needed: true, why: "post, edit and reply in channels that the app was invited to" },
  { name: "chat:write.public", needed: false, why: "post in public channels without an invitation" },
  { name: "channels:history", needed: false, why: "after a crash, find its own message again in a public channel" },
  { name: "groups:history", needed: false, why: "the same in a private channel" },
  { name: "channels:read", needed: false, why: "find the id of a public channel that is configured by name" },
  { name: "groups:read", needed: false, why: "the same for a private channel" },
];

/** The app manifest: what to paste at https://api.slack.com/apps → Create New App → From a manifest. */
export function manifestObject(): Record<string, unknown> {
  return {
    display_information: {
      name: "corewatch",
      description: "One message for each incident of the fleet, kept up to date.",
      background_color: "#1d2b36",
    },
    features: { bot_user: { display_name: "corewatch", always_online: true } },
    oauth_config: { scopes: { bot: SCOPES.map((scope) => scope.name) } },
    settings: { org_deploy_enabled: false, socket_mode_enabled: false, token_rotation_enabled: false },
  };
}

/** The manifest as YAML, with what each scope is for: what `corewatch slack manifest` prints. */
export function slackManifest(): string {
  const explained = SCOPES.map(
    (scope) => `#   ${scope.name.padEnd(18)} ${scope.needed ? "needed" : "optional"}: ${scope.why}`,
  );
  return [
    "# Slack app of corewatch: https://api.slack.com/apps → Create New App → From a manifest.",
    "# Then: Install to Workspace, put the bot token (xoxb-…) where slack.token of fleet.yaml reads it, invite the app to",
    "# the channel, and run `corewatch slack test`. The scopes and what each is for:",
    ...explained,
    stringify(manifestObject()),
  ].join("\n");
}
