/** What `corewatch init` writes: the smallest useful fleet, and the next things a person wants, commented out. */
export function starterFleet(): string {
  return STARTER;
}

const STARTER = `# The fleet that corewatch watches. Check it with "corewatch config check"; "corewatch config schema" prints every key.
# Secrets come from the environment ("\${env:NAME}") or a file ("\${file:PATH}"), never from here.
version: 1
fleet: my-fleet
# region: eu-west-1                   # AWS region; found as the SDK finds it unless set

# Who is told. "corewatch slack manifest" prints the app to create, "corewatch slack test" tries it.
slack:
  token: "\${env:SLACK_BOT_TOKEN}"
  channel: "#ops"                     # in quotes: # begins a comment
  # mention: "@oncall"                # in critical messages

# A second route for when Slack does not deliver: JSON, signed with the secret.
# fallback: { webhook: "\${env:OPS_WEBHOOK}", secret: "\${env:OPS_WEBHOOK_SECRET}", after: 2m }

# Observations and incidents are kept in an embedded Postgres beside this file; name another one to share it.
# store: { url: "\${env:COREWATCH_STORE_URL}" }

# incidents: { reopenWithin: 10m, remindEvery: 4h, escalate: [{ after: 15m, channel: "#leads", mention: "@lead" }] }

# Every kind of check has defaults. Schedules are cron with seconds.
# checks:
#   hello: { schedule: "*/10 * * * * *", timeout: 10s, failures: 2, successes: 2, window: 5 }
#   session: { enabled: true }        # creates and revokes a session: off unless asked for

# The databases behind the cores: a user that may connect is enough, nothing is written.
databases:
  main: { kind: postgres, url: "\${env:MAIN_DATABASE_URL}" }

deployments:
  - id: my-app-production
    app: my-app
    kind: production                  # production | development
    connectionUri: https://auth.example.com:3567   # the address that your back ends use
    database: main
    # loadBalancer: my-app-production # name or ARN of the AWS load balancer
    # tls: { ca: "\${file:ca.pem}" }   # an authority of your own

    # "corewatch certify my-app-production" puts load on it, and only where this allows it. What must be met is the
    # runbook's list (1,000 requests/s for 10 min, p99 500 ms, one million sessions and users) unless thresholds differ.
    # certify:
    #   allowed: true
    #   coreHeader: x-served-by         # response header with the id of the core that answered
    #   thresholds: { rate: 1000, p99: 500ms, errors: "0.1%" }
    #   survival: { away: { targetGroup: true }, back: { targetGroup: true } }   # how a core is taken away and brought back

    # The call that adds a core; {{app}}, {{deployment}} and {{cores}} (how many there are to be) are filled in.
    # scale:
    #   request:
    #     url: https://api.example.com/0/manual/app/scale/deployment
    #     params: { password: "\${env:SCALE_PASSWORD}", appId: "{{app}}", scaleTo: "{{cores}}", deploymentToScale: "{{deployment}}" }

    # Launch checklist: "corewatch audit". What is otherwise than the runbook has it, and what may fail until a day.
    # audit:
    #   expect: { successCodes: "200-399" }
    #   waive: [{ rule: dns-record, reason: "moving", until: 2027-01-31 }]

    # In place of the list below, cores may be found: discover: target-group (of loadBalancer), ecs (of ecs: { cluster, service }),
    # tags or control-database. They are called <idPrefix>-1, <idPrefix>-2 … and keep that id when their address changes.
    # discover: target-group
    # discovery: { protocol: https, address: private, apiKey: "\${env:CORE_API_KEY}" }
    cores:
      - id: core-1
        url: https://10.0.1.11:3567   # the core itself, past the load balancer
        # instance: i-0a1b2c3d        # EC2 instance: how the load balancer knows the host
        # zone: eu-west-1a
        # apiKey: "\${env:CORE_API_KEY}"
      - id: core-2
        url: https://10.0.2.12:3567

# Anything else that speaks HTTP, tcp://host:port or dns://name.
# endpoints:
#   - { id: landing, url: "https://www.example.com/", status: "200-399" }

# What cannot be reached reports in: POST /heartbeats/render-worker
# heartbeats:
#   - { id: render-worker, every: 5m, grace: 2m, token: "\${env:WORKER_TOKEN}" }

# How found cores are followed: how often sources are read, notices that hosts will go, and how long a new core may take.
# inventory:
#   schedule: "*/15 * * * * *"
#   events: { queue: "arn:aws:sqs:eu-west-1:123456789012:host-notices", metadata: false }
#   budget: { development: 20s, production: 5m }

# maintenance:
#   - { match: { deployment: my-app-production }, schedule: "0 2 * * 0", duration: 1h, timezone: Europe/Berlin }
`;
