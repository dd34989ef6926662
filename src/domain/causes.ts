import type { Cause, Severity } from "./incident.ts";

/** What people read about a cause. */
export interface CauseText {
  /** Headline, without the name of what it is about. */
  readonly title: string;
  /** What it means for users. */
  readonly meaning: string;
  /** Where to look first. */
  readonly lookAt: string;
  /** Severity in production, unless the evidence says otherwise. */
  readonly severity: Severity;
}

/** One entry a cause; the only place with their words. */
export const CAUSE_TEXTS: Readonly<Record<Cause, CauseText>> = {
  "core-down": {
    title: "A core is down",
    meaning: "The other cores carry its share, with less to spare.",
    lookAt:
      "The core's process and log on its host (`nginx` and the container), then the instance's status checks in EC2.",
    severity: "major",
  },
  "several-cores-down": {
    title: "Several cores are down",
    meaning: "The remaining cores carry the load, and may answer slowly.",
    lookAt: "What the cores share: a release, a host, a security group; then each core's log.",
    severity: "major",
  },
  "one-core-left": {
    title: "Only one core is left",
    meaning: "One core carries all of the load: nothing is left to take over from it.",
    lookAt: "Bring any other core back first: its container and `nginx` on the host; or scale the deployment out.",
    severity: "critical",
  },
  "all-cores-down": {
    title: "All cores are down",
    meaning: "Users cannot sign in, and running sessions cannot be refreshed.",
    lookAt: "The last release or change of configuration, the instances in EC2, and `nginx` on the hosts.",
    severity: "critical",
  },
  "host-down": {
    title: "A host is down",
    meaning: "Every core on this host fails at once; deployments with cores elsewhere go on.",
    lookAt:
      "The instance's status checks and system log in EC2, then its disk and memory; stop and start it if it hangs.",
    severity: "major",
  },
  "zone-down": {
    title: "An availability zone is down",
    meaning: "Every core in this zone fails; deployments with cores in other zones go on.",
    lookAt: "The AWS Health Dashboard, then the subnets and route tables of the zone.",
    severity: "major",
  },
  "many-deployments-down": {
    title: "Many deployments are down",
    meaning: "Deployments that share no host or database failed together; their users may be unable to sign in.",
    lookAt:
      "What they share: a release, a certificate, DNS, a security group, the VPC's routing; the AWS Health Dashboard.",
    severity: "critical",
  },
  "database-down": {
    title: "The database is down",
    meaning: "Signing in and refreshing sessions need it; access tokens already issued still verify.",
    lookAt: "The database in the RDS console: status, free storage, memory and recent events; then its security group.",
    severity: "critical",
  },
  "database-unreachable-from-cores": {
    title: "Cores cannot reach their database",
    meaning: "Cores answer, but get no connection to their database; signing in and refreshing sessions need one.",
    lookAt:
      "The security group between cores and database, max_connections against cores × pool size, the cores' database credentials.",
    severity: "critical",
  },
  "database-degraded": {
    title: "The database needs attention",
    meaning: "Sign-in works for now unless the database is read-only; it may slow down or begin to fail.",
    lookAt: "Connections, replication lag and the writer's role in the RDS console; long queries in pg_stat_activity.",
    severity: "minor",
  },
  "load-balancer-down": {
    title: "The load balancer does not serve",
    meaning: "Cores may be well, but the load balancer that users reach them through fails.",
    lookAt:
      "The load balancer's listener, certificate and security groups in the EC2 console; then DNS of the connectionUri.",
    severity: "critical",
  },
  "load-balancer-degraded": {
    title: "The load balancer fails in part",
    meaning: "Some requests fail; users may have to try again.",
    lookAt: "The load balancer's zones and target group in the EC2 console, and HTTPCode_ELB_5XX_Count in CloudWatch.",
    severity: "major",
  },
  "target-unhealthy": {
    title: "The load balancer calls a healthy core unhealthy",
    meaning: "The core answers, but the load balancer sends it nothing: redundancy is smaller than it looks.",
    lookAt:
      "The security group between load balancer and instance, the target group's protocol and health check (HTTPS:3567, /hello, 10 s), TLS of `nginx` on the host.",
    severity: "major",
  },
  "target-not-registered": {
    title: "A core is not registered with the load balancer",
    meaning: "The core answers, but gets no traffic: redundancy is smaller than it looks.",
    lookAt: "The target group's registered targets in the EC2 console against the inventory.",
    severity: "major",
  },
  "wrong-identity": {
    title: "Something else answers in a core's place",
    meaning: "Requests that reach it fail or reach another deployment's data.",
    lookAt:
      "Which container has the port on that host now: a reused port, a container started twice, an address that moved.",
    severity: "critical",
  },
  "key-set-split": {
    title: "Cores of one deployment serve different signing keys",
    meaning: "Sessions made by one core are refused by another: users are signed out at random.",
    lookAt:
      "The odd core's database settings: a wrong connection URI, or none (then it runs in memory); restart it once mended.",
    severity: "critical",
  },
  "core-degraded": {
    title: "A core does not answer as it should",
    meaning: "Its answers may be slow or fail now and then.",
    lookAt: "CPU credits and memory of the instance, the core's log, and the load on its database.",
    severity: "minor",
  },
  "certificate-bad": {
    title: "A TLS certificate needs attention",
    meaning: "Once it is expired or refused, back ends that verify it cannot reach the cores.",
    lookAt: "The certificate in ACM for the load balancer, or of `nginx` on the host; then its renewal job.",
    severity: "minor",
  },
  "dns-broken": {
    title: "The name does not resolve as it should",
    meaning: "Back ends that look the name up now cannot reach the cores.",
    lookAt: "The record in Route 53, the domain's registration and its name servers.",
    severity: "critical",
  },
  "sign-in-broken": {
    title: "Users cannot sign in",
    meaning: "Cores, load balancer and database answer, but making, verifying or refreshing a session fails.",
    lookAt: "The cores' logs at the time of the failing call, the API key, a read-only or full database.",
    severity: "critical",
  },
  "endpoint-down": {
    title: "An endpoint is down",
    meaning: "Whoever uses it gets no proper answer.",
    lookAt: "The service behind the address and its own log.",
    severity: "major",
  },
  "endpoint-degraded": {
    title: "An endpoint does not answer as it should",
    meaning: "It answers, slowly or not quite as expected.",
    lookAt: "The service behind the address and its own log.",
    severity: "minor",
  },
  "heartbeat-missing": {
    title: "A worker stopped reporting in",
    meaning: "What the worker does is probably not being done.",
    lookAt: "The worker's process and its log; then whether it can reach corewatch's /heartbeats address.",
    severity: "major",
  },
  "prober-path": {
    title: "corewatch cannot reach cores that the load balancer calls healthy",
    meaning: "Users are probably fine: the fault is on the way from here.",
    lookAt: "The security groups and routes between corewatch's host and the cores.",
    severity: "major",
  },
  "prober-degraded": {
    title: "corewatch itself is in trouble",
    meaning: "It may not see failures now; nothing is known to be wrong with the fleet.",
    lookAt: "corewatch's host: its store, DNS, network and load; then /readyz.",
    severity: "major",
  },
  "configuration-rejected": {
    title: "The new configuration was rejected",
    meaning: "corewatch goes on with the previous one; the change has no effect.",
    lookAt: "`corewatch config check` names each error with its line.",
    severity: "minor",
  },
  "notices-undelivered": {
    title: "Notices do not arrive",
    meaning: "Incidents are recorded, but people may not hear of them.",
    lookAt: "The channel (archived, renamed, bot not invited) and the bot's token: `corewatch slack test`.",
    severity: "major",
  },
  "alarm-firing": {
    title: "A CloudWatch alarm is in ALARM",
    meaning: "corewatch's own probes see nothing wrong; users may see errors or slow answers that probes do not meet.",
    lookAt:
      "The alarm's graph in the CloudWatch console, then the load balancer's metrics and access log at that time.",
    severity: "minor",
  },
  "alarm-drift": {
    title: "CloudWatch alarms are not as corewatch left them",
    meaning: "Nothing is wrong with the fleet; an alarm that somebody changed or deleted may not fire when it should.",
    lookAt:
      "`corewatch alarms plan` shows each field: `corewatch alarms apply` mends it, or change fleet.yaml to what is meant.",
    severity: "minor",
  },
  "alarm-path-broken": {
    title: "CloudWatch alarms do not reach people",
    meaning: "Nothing is wrong with the fleet; the last drill did not arrive, so a real alarm would not arrive either.",
    lookAt:
      "The topic's policy and its confirmed subscriptions, the way to web.publicUrl or the queue, then `corewatch alarms drill`.",
    severity: "major",
  },
  "core-not-ready": {
    title: "A new core does not become ready",
    meaning: "The cores that were there go on; what was to be added, or to take over, is missing.",
    lookAt:
      "The new core's log on its host, its database settings and security group; in ECS the events of the service and why tasks stopped.",
    severity: "major",
  },
};
