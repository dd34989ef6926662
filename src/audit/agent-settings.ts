/** What the ECS agent of a launch template's instances is told, as far as it can be read. */
export interface AgentSettings {
  /** `false`: the user data are compressed, or there in another form than text. */
  readonly isReadable: boolean;
  /** Value of a variable of /etc/ecs/ecs.config; `undefined`: it is not set. */
  get(name: string): string | undefined;
}

/** First byte of what gzip writes: cloud-init unpacks it. */
const GZIP = 0x1f;

/**
 * Reads the variables that a user data script writes. The last one counts, as it does for the agent; what stands in a comment
 * was switched off. Bottlerocket has its own file, with `enable-spot-instance-draining` for ECS_ENABLE_SPOT_INSTANCE_DRAINING.
 */
export function agentSettings(userData: string | undefined): AgentSettings {
  const lines = (userData ?? "").split("\n").filter((line) => !/^\s*#/.test(line));
  return {
    isReadable: userData?.charCodeAt(0) !== GZIP,
    get(name) {
      const own = name.replace(/^ECS_/, "").toLowerCase().replaceAll("_", "-");
      const set = new RegExp(`(?:${name}|^\\s*${own})\\s*=\\s*["']?([\\w.]+)`);
      return lines.flatMap((line) => set.exec(line)?.[1] ?? []).at(-1);
    },
  };
}
