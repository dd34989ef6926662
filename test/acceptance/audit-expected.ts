/** What a finding on a broken twin says. */
export interface Told {
  readonly expected: RegExp;
  readonly actual: RegExp;
  readonly fix: RegExp;
}

const told = (expected: RegExp, actual: RegExp, fix: RegExp): Told => ({ expected, actual, fix });
const MODIFY_GROUP = /^aws elbv2 modify-target-group --target-group-arn arn:aws:elasticloadbalancing:\S+ --/;
const CERTIFY = /^corewatch certify \S+ --plan launch$/;
const NEWER_POLICY =
  /^aws elbv2 modify-listener --listener-arn arn:\S+:listener\/\S+ --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06$/;

/** By rule: what at least one of its findings says on each broken twin that it applies to. */
export const TOLD: Readonly<Record<string, Told>> = {
  "target-type": told(/^instance$/, /: ip$/, /create-target-group .* --target-type instance/),
  "target-protocol": told(
    /^HTTPS?:3567, HTTP1$/,
    /: HTTP:8080, HTTP2$/,
    /create-target-group .* --port 3567 --protocol-version HTTP1/,
  ),
  "health-check-path": told(/^\/hello$/, /: \/$/, /--health-check-path \/hello$/),
  "health-check-thresholds": told(
    /^healthy after 5, unhealthy after 2$/,
    /: healthy after 2, unhealthy after 5$/,
    /--healthy-threshold-count 5 --unhealthy-threshold-count 2$/,
  ),
  "health-check-timing": told(
    /^timeout 10 s, every 30 s$/,
    /: timeout 4 s, every 60 s$/,
    /--health-check-timeout-seconds 10 --health-check-interval-seconds 30$/,
  ),
  "health-check-codes": told(/^200$/, /: 200-499$/, MODIFY_GROUP),
  "load-balancer-type": told(/^application$/, /^network$/, /create-load-balancer --type application/),
  "load-balancer-scheme": told(/^internet-facing$/, /^internal$/, /create-load-balancer --scheme internet-facing/),
  "load-balancer-addresses": told(/^ipv4$/, /^dualstack$/, /set-ip-address-type .* --ip-address-type ipv4$/),
  "https-listener": told(
    /^HTTPS on port 3567$/,
    /^HTTP:3567$/,
    /^aws elbv2 create-listener .* --protocol HTTPS --port 3567/,
  ),
  "load-balancer-zones": told(
    /^all zones of the region: eu-west-1a, eu-west-1b, eu-west-1c$/,
    /^eu-west-1a; without eu-west-1b, eu-west-1c$/,
    /^aws elbv2 set-subnets .* also of eu-west-1b, eu-west-1c$/,
  ),
  "listener-certificate": told(
    /more than 30 days left$/,
    /^sandbox\.example: ISSUED, [89] days left$/,
    /describe-certificate/,
  ),
  "security-policy-runbook": told(/^ELBSecurityPolicy-2016-08, or a stricter one$/, /TLS-1-0-2015-04$/, NEWER_POLICY),
  "security-policy-today": told(/^TLS 1\.2 or newer alone/, /TLS-1-0-2015-04$/, NEWER_POLICY),
  "security-groups": told(
    /^default, ping-ssh, supertokens-nginx-port, ec2-internal-team-access$/,
    /^default; without ping-ssh, supertokens-nginx-port, ec2-internal-team-access$/,
    /^aws elbv2 set-security-groups/,
  ),
  "deletion-protection": told(/^on$/, /^off$/, /Key=deletion_protection\.enabled,Value=true$/),
  "http-redirect": told(/redirects to HTTPS$/, /^port 80: forward$/, /^aws elbv2 modify-listener .*Type=redirect/),
  "access-logs": told(/^on$/, /^off$/, /Key=access_logs\.s3\.enabled,Value=true/),
  "log-bucket-versioning": told(/^Enabled$/, /-logs: Suspended$/, /^aws s3api put-bucket-versioning .*Status=Enabled$/),
  "log-bucket-encryption": told(
    /^SSE-S3 \(AES256\)$/,
    /aws:kms, to which a load balancer cannot write/,
    /put-bucket-encryption/,
  ),
  "log-bucket-tags": told(
    /^VantaContainsUserData: true, VantaDescription: store \S+ loadbalancer logs, VantaOwner: \*$/,
    /VantaContainsUserData is "false", no VantaDescription, no VantaOwner$/,
    /put-bucket-tagging .*"VantaContainsUserData","Value":"true".*add VantaOwner/,
  ),
  "log-bucket-public-access": told(/^all of it blocked$/, /: not all of it blocked$/, /put-public-access-block/),
  "log-bucket-lifecycle": told(
    /deletes old logs$/,
    /move to GLACIER after 30 days$/,
    /put-bucket-lifecycle-configuration/,
  ),
  "log-objects": told(
    /^an object of the last hour$/,
    /^the newest object is 18\d min old$/,
    /the bucket's policy must let/,
  ),
  "load-balancer-tags": told(/^at least one tag$/, /^none$/, /^aws elbv2 add-tags/),
  "dns-record": told(
    /^(acme|shop)\.sandbox\.test leads to \S+\.elb\.amazonaws\.com$/,
    /^Route 53 leads it to given-up-\S+$/,
    /^aws route53 change-resource-record-sets/,
  ),
  "alarms-present": told(
    /^alarms on HTTPCode_ELB_5XX_Count, TargetResponseTime, UnHealthyHostCount$/,
    /^no alarm on HTTPCode_ELB_5XX_Count, no alarm on TargetResponseTime, no alarm on UnHealthyHostCount$/,
    /^corewatch alarms plan, then corewatch alarms apply$/,
  ),
  "alarm-topics": told(
    /confirmed subscription/,
    /CloudWatchAlarmsEU_West_1_ELB has no confirmed subscription/,
    /confirm the subscription/,
  ),
  "app-registered": told(
    /^acme in apps_with_load_balancer$/,
    /^not among its 0$/,
    /insert into apps_with_load_balancer values \('acme'\)/,
  ),
  "spread-instances": told(/^at least 2 instances/, /^1: i-0a1b2c3d4e5f60001$/, /scale\/deployment/),
  "spread-zones": told(/^cores in at least 2 zones$/, /^1: eu-west-1a$/, /another zone/),
  "cores-per-instance": told(
    /^at most (2 cores on an instance, and nobody else's|50 production tenants on an instance)$/,
    /^i-0a1b2c3d4e5f60001: (1 of it, 2 in all|54 tenants)$/,
    /^move (cores|tenants) of i-0a1b2c3d4e5f60001 to another instance$/,
  ),
  "connection-budget": told(/^at most 80% of max_connections$/, /\(\d{3}%\)$/, /connection_pool_size/),
  "certified-rate": told(/^1000 requests a second, certified within 90 days$/, /^no certificate of it$/, CERTIFY),
  "connection-uri": told(/^a DNS name that leads to \S+/, /is an instance's name$/, /^point a DNS name at /),
  "certificate-covers": told(
    /^a certificate for (acme|shop)\.sandbox\.test$/,
    /^for sandbox\.example$/,
    /request-certificate/,
  ),
  "certified-scale-out": told(/^a core added without a new connectionUri/, /^no certificate of it$/, CERTIFY),
  "certified-one-core": told(/^the service with one core alive/, /^no certificate of it$/, CERTIFY),
  "certified-sessions": told(/^1000000 sessions/, /^no certificate of it$/, CERTIFY),
  "checks-running": told(
    /^\d+ series observed within 15 minutes$/,
    /^not observed: core:\S+:hello, /,
    /corewatch start/,
  ),
  "slack-drill": told(/^a drill that arrived, within 30 days$/, /^no drill arrived yet$/, /^corewatch alarms drill/),
  "cloudfront-origins": told(
    /^origins that lead to addresses of this account$/,
    /^ec2-52-17-8-99\S+ is 52\.17\.8\.99, which this account does not have$/,
    /^aws cloudfront update-distribution --id E1SANDBOX00001/,
  ),
  "ecs-dynamic-ports": told(/^host port 0$/, /^core: 300[01] to 3000$/, /hostPort 0/),
  "ecs-spot-draining": told(
    /ECS_ENABLE_SPOT_INSTANCE_DRAINING=true/,
    /^not in the launch template of \S+$/,
    /user data/,
  ),
  "ecs-stop-timeout": told(/^less than 120 s$/, /^core: 180 s$/, /stopTimeout/),
  "ecs-desired-running": told(/^2 running$/, /^1 running, 0 pending, 2 wanted$/, /^aws ecs describe-services/),
  "ecs-capacity-provider": told(/managed scaling$/, /-spot: managed scaling off$/, /managedScaling=\{status=ENABLED\}/),
  "ecs-scale-in-protection": told(
    /managed termination protection on$/,
    /managed termination protection off, \S+: new instances are not protected$/,
    /--new-instances-protected-from-scale-in/,
  ),
  "ecs-instance-types": told(/^at least 2 instance types/, /: t3\.small$/, /mixed-instances-policy/),
  "ecs-zones": told(/^at least 2 zones/, /: eu-west-1a$/, /--vpc-zone-identifier/),
  "ecs-deployment-percents": told(
    /^at least one task keeps running/,
    /^minimum 100%, maximum 100% of 2: no task can be stopped nor started: it never ends$/,
    /minimumHealthyPercent=100,maximumPercent=200$/,
  ),
  "log-retention": told(
    /^an end, after some days$/,
    /: for ever$/,
    /^aws logs put-retention-policy --log-group-name \/ecs\//,
  ),
  "spot-share": told(/^at most 80% spot/, /: 100% spot, base 0$/, /OnDemandBaseCapacity/),
  "spot-readiness": told(
    /^capacity rebalancing on/,
    /no capacity rebalancing, .*cheapest pools/,
    /--capacity-rebalance/,
  ),
};
