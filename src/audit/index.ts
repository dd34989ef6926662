import { accessLogs } from "./access-logs.ts";
import { alarmTopics } from "./alarm-topics.ts";
import { alarmsPresent } from "./alarms-present.ts";
import { appRegistered } from "./app-registered.ts";
import { certificateCovers } from "./certificate-covers.ts";
import { certifiedOneCore } from "./certified-one-core.ts";
import { certifiedRate } from "./certified-rate.ts";
import { certifiedScaleOut } from "./certified-scale-out.ts";
import { certifiedSessions } from "./certified-sessions.ts";
import { checksRunning } from "./checks-running.ts";
import { cloudfrontOrigins } from "./cloudfront-origins.ts";
import { connectionBudget } from "./connection-budget.ts";
import { connectionUri } from "./connection-uri.ts";
import { coresPerInstance } from "./cores-per-instance.ts";
import { deletionProtection } from "./deletion-protection.ts";
import { dnsRecord } from "./dns-record.ts";
import { ecsCapacityProvider } from "./ecs-capacity-provider.ts";
import { ecsDeploymentPercents } from "./ecs-deployment-percents.ts";
import { ecsDesiredRunning } from "./ecs-desired-running.ts";
import { ecsDynamicPorts } from "./ecs-dynamic-ports.ts";
import { ecsInstanceTypes } from "./ecs-instance-types.ts";
import { ecsScaleInProtection } from "./ecs-scale-in-protection.ts";
import { ecsSpotDraining } from "./ecs-spot-draining.ts";
import { ecsStopTimeout } from "./ecs-stop-timeout.ts";
import { ecsZones } from "./ecs-zones.ts";
import { healthCheckCodes } from "./health-check-codes.ts";
import { healthCheckPath } from "./health-check-path.ts";
import { healthCheckThresholds } from "./health-check-thresholds.ts";
import { healthCheckTiming } from "./health-check-timing.ts";
import { httpRedirect } from "./http-redirect.ts";
import { httpsListener } from "./https-listener.ts";
import { listenerCertificate } from "./listener-certificate.ts";
import { loadBalancerAddresses } from "./load-balancer-addresses.ts";
import { loadBalancerScheme } from "./load-balancer-scheme.ts";
import { loadBalancerTags } from "./load-balancer-tags.ts";
import { loadBalancerType } from "./load-balancer-type.ts";
import { loadBalancerZones } from "./load-balancer-zones.ts";
import { logBucketEncryption } from "./log-bucket-encryption.ts";
import { logBucketLifecycle } from "./log-bucket-lifecycle.ts";
import { logBucketPublicAccess } from "./log-bucket-public-access.ts";
import { logBucketTags } from "./log-bucket-tags.ts";
import { logBucketVersioning } from "./log-bucket-versioning.ts";
import { logObjects } from "./log-objects.ts";
import { logRetention } from "./log-retention.ts";
import type { Rule } from "./rule.ts";
import { securityGroups } from "./security-groups.ts";
import { securityPolicyRunbook } from "./security-policy-runbook.ts";
import { securityPolicyToday } from "./security-policy-today.ts";
import { slackDrill } from "./slack-drill.ts";
import { spotReadiness } from "./spot-readiness.ts";
import { spotShare } from "./spot-share.ts";
import { spreadInstances } from "./spread-instances.ts";
import { spreadZones } from "./spread-zones.ts";
import { targetProtocol } from "./target-protocol.ts";
import { targetType } from "./target-type.ts";

/** Every rule, in the order of the runbook's steps, its closing list, and then the articles. */
export const RULES: readonly Rule[] = [
  targetType,
  targetProtocol,
  healthCheckPath,
  healthCheckThresholds,
  healthCheckTiming,
  healthCheckCodes,
  loadBalancerType,
  loadBalancerScheme,
  loadBalancerAddresses,
  httpsListener,
  loadBalancerZones,
  listenerCertificate,
  securityPolicyRunbook,
  securityPolicyToday,
  securityGroups,
  deletionProtection,
  httpRedirect,
  accessLogs,
  logBucketVersioning,
  logBucketEncryption,
  logBucketTags,
  logBucketPublicAccess,
  logBucketLifecycle,
  logObjects,
  loadBalancerTags,
  dnsRecord,
  alarmsPresent,
  alarmTopics,
  appRegistered,
  spreadInstances,
  spreadZones,
  coresPerInstance,
  connectionBudget,
  certifiedRate,
  connectionUri,
  certificateCovers,
  certifiedScaleOut,
  certifiedOneCore,
  certifiedSessions,
  checksRunning,
  slackDrill,
  cloudfrontOrigins,
  ecsDynamicPorts,
  ecsSpotDraining,
  ecsStopTimeout,
  ecsDesiredRunning,
  ecsCapacityProvider,
  ecsScaleInProtection,
  ecsInstanceTypes,
  ecsZones,
  ecsDeploymentPercents,
  logRetention,
  spotShare,
  spotReadiness,
];
