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

# maintenance:
#   - { match: { deployment: my-app-production }, schedule: "0 2 * * 0", duration: 1h, timezone: Europe/Berlin }
`;
