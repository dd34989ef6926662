import type { Core, Deployment, Hook, HookResult, HookRunner } from "../domain/index.ts";
import { callCommand, type CommandOptions } from "./hook-command.ts";
import { callRequest } from "./hook-request.ts";

/** Takes cores out of the target groups of their load balancer, and puts them back. Both give a sentence. */
export interface TargetGroupActions {
  /** @throws Error */
  deregister(core: Core, deployment: Deployment, signal: AbortSignal): Promise<string>;
  /** @throws Error */
  register(core: Core, deployment: Deployment, signal: AbortSignal): Promise<string>;
}

/** What a {@link createHookRunner} works with. */
export interface HookOptions extends CommandOptions {
  /** `undefined`: there is no AWS to ask. */
  readonly targetGroups: TargetGroupActions | undefined;
}

/** Calls hooks: requests, commands, target groups. What it tells is redacted. */
export function createHookRunner(options: HookOptions): HookRunner {
  return {
    async call(hook, verb, values, deployment, signal) {
      try {
        const { ok, detail } = await dispatch(hook, verb, values, deployment, signal, options);
        return { ok, detail: options.redact(detail) };
      } catch (error) {
        return { ok: false, detail: options.redact(error instanceof Error ? error.message : String(error)) };
      }
    },
  };
}

async function dispatch(
  hook: Hook,
  verb: Parameters<HookRunner["call"]>[1],
  values: Readonly<Record<string, string>>,
  deployment: Deployment,
  signal: AbortSignal,
  options: HookOptions,
): Promise<HookResult> {
  if (hook.kind === "request") return callRequest(hook, values, signal);
  if (hook.kind === "command") return callCommand(hook, values, options, signal);
  const { targetGroups } = options;
  if (targetGroups === undefined) return { ok: false, detail: "there is no AWS to ask for target groups" };
  const core = deployment.cores.find((one) => one.id === values["core"]);
  if (core === undefined) return { ok: false, detail: "a target group takes and loses cores of the inventory only" };
  if (verb === "away") return { ok: true, detail: await targetGroups.deregister(core, deployment, signal) };
  if (verb === "back") return { ok: true, detail: await targetGroups.register(core, deployment, signal) };
  return { ok: false, detail: "a target group can neither make nor remove a core" };
}
