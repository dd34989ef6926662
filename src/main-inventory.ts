import { createAlarmQueue } from "./aws/alarm-queue.ts";
import { createHostMetadata } from "./aws/host-metadata.ts";
import { parseHostNotice } from "./aws/host-notices.ts";
import { createInstanceReader } from "./aws/instances.ts";
import { createLoadBalancerReader } from "./aws/load-balancers.ts";
import { ecsSource } from "./aws/source-ecs.ts";
import { tagSource } from "./aws/source-tags.ts";
import { targetGroupSource } from "./aws/source-target-group.ts";
import { controlSource } from "./databases/source-control.ts";
import type { Clock, CoreSource, LoadBalancerReader } from "./domain/index.ts";
import type { CoreSources } from "./watch/inventory-look.ts";
import type { NoticeWorld } from "./watch/inventory-notices.ts";

/** Joins the ways of finding cores. Credentials and endpoints are found by the SDK, which is loaded at the first read. */
export function createCoreSources(options: {
  readonly clock: Clock;
  /** The reader that checks use, so that a look at a load balancer is shared. */
  readonly loadBalancers?: LoadBalancerReader;
}): CoreSources {
  const { clock } = options;
  const instances = createInstanceReader({});
  const targetGroup = targetGroupSource(options.loadBalancers ?? createLoadBalancerReader({ clock }), instances);
  const ecs = ecsSource(instances, {});
  const tags = tagSource(instances);
  return {
    async read(deployment, fleet, signal) {
      const { discovery } = deployment;
      if (discovery === undefined) throw new Error(`${deployment.id} has its cores in fleet.yaml`);
      const bySource: Readonly<Record<typeof discovery.settings.from, () => CoreSource>> = {
        "target-group": () => targetGroup,
        ecs: () => ecs,
        tags: () => tags,
        "control-database": () => controlSource({ databases: fleet.databases, clock }),
      };
      const { id, app, loadBalancer, region, roleArn } = deployment;
      const place = { region: region ?? fleet.region, roleArn };
      const { settings: discover, addressing } = discovery;
      const source = bySource[discover.from]();
      return source({ id, app, loadBalancer, place, discover, addressing }, signal);
    },
    close: () => Promise.resolve(),
  };
}

/** Where notices that hosts will go come from. */
export function createNoticeWorld(options: {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}): NoticeWorld {
  return { queue: createAlarmQueue({}), parse: parseHostNotice, metadata: createHostMetadata(options) };
}
