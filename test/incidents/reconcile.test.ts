import { describe, expect, test } from "vitest";
import { acknowledge } from "../../src/incidents/index.ts";
import { Secret, type Affected, type Diagnosis, type Incident, type Silence } from "../../src/domain/index.ts";
import { brief, database, deployment, diagnosis, endpoint, fleetOf, MINUTE, single, START, World } from "./support.ts";

const FLEET = fleetOf({
  deployments: [
    deployment("acme", 3, { database: "main" }),
    deployment("beta", 3, { database: "main", slackChannel: "#beta" }),
  ],
  databases: [database("main")],
  endpoints: [endpoint("landing", { slackChannel: "#web" })],
});
const down = (id: string, since = START): Affected => ({
  target: { kind: "core", id, deployment: id.split("/")[0] ?? null },
  health: "down",
  reason: "connection-refused",
  since,
  check: "hello",
});
const BETA = diagnosis({
  scope: { kind: "deployment", id: "beta" },
  deployment: "beta",
  affected: [down("beta/beta-1")],
});
const DATABASE: Diagnosis = diagnosis({
  scope: { kind: "database", id: "main" },
  deployment: null,
  cause: "database-down",
  severity: "critical",
  signIn: "no",
  evidence: ["The database main refuses connections."],
  affected: [down("acme/acme-1"), down("beta/beta-1"), down("beta/beta-2")],
});
const silence = (more: Partial<Silence> = {}): Silence => ({
  id: "S-1",
  match: { deployment: "acme" },
  from: START,
  until: START + 30 * MINUTE,
  reason: "moving",
  by: "ana",
  ...more,
});
const only = (world: World): Incident => single(world.open);

describe("a plain life", () => {
  test("opened as one card, resolved as an edited card and a broadcast that says how long it lasted", () => {
    const world = new World(FLEET);
    expect(brief(world.step(START, [diagnosis()]))).toEqual(["card #ops opened"]);
    expect(only(world)).toMatchObject({ id: "INC-1", told: true, state: "open", cause: "core-down", peak: "major" });
    const end = world.step(START + 12 * MINUTE, []);
    expect(brief(end)).toEqual(["card #ops resolved", "reply! #ops resolved"]);
    expect(end[1]?.text).toBe("Over after 12 min. Affected: acme/acme-1.");
    expect(world.story("INC-1")).toEqual(["opened", "resolved"]);
  });

  test("with nothing changed nothing is written", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis()]);
    for (let i = 1; i < 60; i++) world.step(START + i * 10_000, [diagnosis()]);
    expect(world.events).toHaveLength(1);
    expect(world.notices).toHaveLength(1);
    expect(world.writes).toBe(1);
  });

  test("critical ones mention, once in the card and not again in its edits", () => {
    const world = new World(FLEET);
    expect(brief(world.step(START, [diagnosis({ severity: "critical" })]))).toEqual(["card #ops opened @oncall"]);
    expect(brief(world.step(START + MINUTE, [diagnosis({ severity: "critical", cause: "one-core-left" })]))).toEqual([
      "card #ops cause-changed",
      "reply #ops cause-changed",
    ]);
  });

  test("it goes to the channel of its deployment or endpoint, else to the fleet's", () => {
    const world = new World(FLEET);
    world.step(START, [
      BETA,
      diagnosis({ scope: { kind: "endpoint", id: "landing" }, deployment: null, cause: "endpoint-down", affected: [] }),
      DATABASE,
    ]);
    expect(world.notices.map((one) => one.channel).sort()).toEqual(["#beta", "#ops", "#web"]);
  });

  test("without Slack the fallback route hears it; without either it is recorded, and told when there is somewhere", () => {
    const fallback = { webhook: new Secret("https://x/hook"), secret: new Secret("sssh"), afterMs: 1 };
    const withFallback = new World({ ...FLEET, slack: undefined, fallback });
    expect(brief(withFallback.step(START, [diagnosis()]))).toEqual(["card  opened"]);
    expect(brief(withFallback.step(START + MINUTE, []))).toEqual(["card  resolved", "reply!  resolved"]);
    const silent = new World({ ...FLEET, slack: undefined });
    expect(silent.step(START, [diagnosis()])).toEqual([]);
    expect(only(silent).told).toBe(false);
    silent.fleet = FLEET;
    expect(brief(silent.step(START + MINUTE, [diagnosis()]))).toEqual(["card #ops opened"]);
  });

  test("what is no longer in the configuration is closed, and says so", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis()]);
    world.fleet = { ...FLEET, deployments: [] };
    expect(world.step(START + MINUTE, [])[1]?.text).toContain("no longer in the configuration");
  });

  test("a look that could not see an incident leaves it open", () => {
    const world = new World(FLEET);
    world.step(START, [
      diagnosis({ scope: { kind: "prober", id: "acme" }, cause: "prober-degraded", affected: [] }),
      diagnosis(),
    ]);
    world.step(START + MINUTE, [], (incident) => incident.scope.kind === "prober");
    expect(only(world).cause).toBe("prober-degraded");
  });
});

describe("changes", () => {
  test("severity rises: a broadcast with the mention; it falls: a quiet line", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis()]);
    const up = world.step(START + MINUTE, [diagnosis({ cause: "one-core-left", severity: "critical" })]);
    expect(brief(up)).toEqual(["card #ops severity-raised", "reply! #ops severity-raised @oncall"]);
    expect(brief(world.step(START + 2 * MINUTE, [diagnosis()]))).toEqual([
      "card #ops cause-changed",
      "reply #ops cause-changed",
    ]);
    expect(only(world)).toMatchObject({ severity: "major", peak: "critical" });
  });

  test("an outage that ends while a minor matter of the same scope goes on is told like an end", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis({ cause: "all-cores-down", severity: "critical" })]);
    const relief = world.step(START + MINUTE, [diagnosis({ cause: "certificate-bad", severity: "minor" })]);
    expect(relief.find((one) => one.kind === "reply")).toMatchObject({ broadcast: true, mention: null });
  });

  test("who took on the smaller matter has not taken on the greater one", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis({ cause: "certificate-bad", severity: "minor" })]);
    const incident = only(world);
    const output = acknowledge({ fleet: FLEET, incident, by: "ana", now: START + 1 });
    world.incidents.set(incident.id, single(output.incidents));
    world.step(START + MINUTE, [diagnosis({ cause: "all-cores-down", severity: "critical" })]);
    expect(only(world)).toMatchObject({ state: "open", acknowledgedBy: null });
  });

  test("a wave of failures is one line, not one a core", () => {
    const world = new World(FLEET);
    const wave: Affected[] = [];
    for (let i = 0; i < 40; i++) {
      wave.push(down(`acme/acme-${i}`));
      world.step(START + i * 250, [diagnosis({ cause: "several-cores-down", affected: [...wave] })]);
    }
    expect(world.notices).toHaveLength(1);
    const line = world.step(START + 15_000, [diagnosis({ cause: "several-cores-down", affected: wave })]);
    expect(brief(line)).toEqual(["card #ops affected-changed", "reply #ops affected-changed"]);
    expect(line[1]?.text).toContain("and 34 more");
    expect(only(world).affected).toHaveLength(40);
  });

  test("wording alone edits the card once a minute at most", () => {
    const world = new World(FLEET);
    for (let i = 0; i <= 30; i++) world.step(START + i * 10_000, [diagnosis({ evidence: [`${i} things`] })]);
    expect(brief(world.notices)).toEqual([
      "card #ops opened",
      ...Array.from({ length: 5 }, () => "card #ops affected-changed"),
    ]);
    expect(world.events).toHaveLength(1);
  });
});

describe("one matter, one incident", () => {
  test("a cause found later: the first incident becomes the database's, the others go on in it without a resolution", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis(), BETA]);
    const found = world.step(START + MINUTE, [DATABASE]);
    const survivor = only(world);
    expect(survivor).toMatchObject({ cause: "database-down", scope: { kind: "database", id: "main" } });
    const merged = [...world.incidents.values()].find((one) => one.id !== survivor.id);
    expect(merged).toMatchObject({ state: "resolved", mergedInto: survivor.id });
    expect(found.filter((one) => one.incident === merged?.id).map((one) => [one.kind, one.broadcast])).toEqual([
      ["card", false],
      ["reply", false],
    ]);
    expect(world.story(merged?.id ?? "")).toEqual(["opened", "merged"]);
    // Whoever heard of it hears its end, though its channel is another one now.
    world.step(START + 2 * MINUTE, []);
    const told = world.notices
      .filter((one) => one.because === "resolved" && one.kind === "reply")
      .map((one) => one.channel);
    expect(told.sort()).toEqual([...new Set(["#ops", ...(survivor.telling?.channels ?? [])])].sort());
  });

  test("a matter of one deployment that ends is resolved, not merged, while another's goes on", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis(), BETA]);
    world.step(START + MINUTE, [BETA]);
    expect([...world.incidents.values()].find((one) => one.scope.id === "acme")).toMatchObject({
      state: "resolved",
      mergedInto: null,
    });
  });

  test("a storm that ebbs stays one incident to its end", () => {
    const parts = Array.from({ length: 8 }, (_, i) =>
      diagnosis({ scope: { kind: "deployment", id: `d${i}` }, deployment: `d${i}`, affected: [down(`d${i}/c`)] }),
    );
    const storm = diagnosis({
      scope: { kind: "fleet", id: "acme" },
      deployment: null,
      cause: "many-deployments-down",
      severity: "critical",
      affected: parts.flatMap((one) => one.affected),
    });
    const world = new World(FLEET);
    world.step(START, [storm]);
    for (let left = 5; left > 0; left--) world.step(START + (9 - left) * MINUTE, parts.slice(0, left));
    expect(world.incidents.size).toBe(1);
    expect(only(world)).toMatchObject({ cause: "many-deployments-down", scope: { kind: "fleet", id: "acme" } });
    world.step(START + 10 * MINUTE, []);
    expect(world.notices.filter((one) => one.because === "resolved" && one.broadcast)).toHaveLength(1);
  });

  test("it comes back within the window: reopened with a broadcast; after it: a new one", () => {
    const world = new World(FLEET);
    world.step(START, [diagnosis()]);
    world.step(START + MINUTE, []);
    const again = world.step(START + 5 * MINUTE, [diagnosis({ severity: "critical" })]);
    expect(brief(again)).toEqual(["card #ops reopened", "reply! #ops reopened @oncall"]);
    expect(again[1]?.text).toContain("Back after 4 min");
    expect(only(world)).toMatchObject({ id: "INC-1", reopened: 1, resolvedAt: null });
    world.step(START + 6 * MINUTE, []);
    world.step(START + 17 * MINUTE, [diagnosis()]);
    expect(only(world).id).toBe("INC-2");
  });

  test("mostly the same targets with another scope reopen too; a part of them does not", () => {
    const world = new World(FLEET);
    world.step(START, [DATABASE]);
    world.step(START + MINUTE, []);
    world.step(START + 2 * MINUTE, [BETA]);
    expect(only(world).id).toBe("INC-2");
    world.step(START + 3 * MINUTE, []);
    world.step(START + 4 * MINUTE, [
      diagnosis({ scope: { kind: "host", id: "i-1" }, cause: "host-down", affected: DATABASE.affected }),
    ]);
    expect(only(world).id).toBe("INC-1");
  });
});

describe("which incident goes on", () => {
  test("the one that shares most targets, and a merged one never comes back by itself", () => {
    const world = new World(FLEET);
    const wide = { ...BETA, affected: [down("beta/beta-1"), down("beta/beta-2")] };
    world.step(START, [diagnosis(), wide]);
    const beta = [...world.incidents.values()].find((one) => one.scope.id === "beta");
    const acme = [...world.incidents.values()].find((one) => one.scope.id === "acme");
    world.step(START + MINUTE, [DATABASE]);
    expect(single(world.open).id).toBe(beta?.id);
    world.step(START + 2 * MINUTE, []);
    world.step(START + 3 * MINUTE, [diagnosis()]);
    expect(single(world.open).id).not.toBe(acme?.id);
  });
});

describe("silences", () => {
  test("silenced from birth: recorded and not told; told when the silence ends; its end is told then", () => {
    const world = new World(FLEET);
    world.silences = [silence()];
    expect(world.step(START, [diagnosis()])).toEqual([]);
    expect(only(world)).toMatchObject({ silencedBy: "S-1", told: false });
    expect(brief(world.step(START + 30 * MINUTE, [diagnosis({ severity: "critical" })]))).toEqual([
      "card #ops severity-raised @oncall",
    ]);
    expect(world.story("INC-1")).toEqual(["opened", "silenced", "severity-raised", "unsilenced"]);
    expect(brief(world.step(START + 40 * MINUTE, []))).toContain("reply! #ops resolved");
  });

  test("what nobody was told of ends silently", () => {
    const world = new World(FLEET);
    world.silences = [silence()];
    world.step(START, [diagnosis()]);
    expect(world.step(START + MINUTE, [])).toEqual([]);
    expect(world.open).toEqual([]);
  });

  test("told, then silenced: the card says so, nobody is called, and the end is told nevertheless", () => {
    const world = new World({
      ...FLEET,
      incidents: {
        reopenWithinMs: 1,
        remindEveryMs: MINUTE,
        escalate: [{ afterMs: MINUTE, channel: "#leads", mention: "@lead" }],
      },
    });
    world.step(START, [diagnosis()]);
    world.silences = [silence()];
    expect(brief(world.step(START + 1_000, [diagnosis()]))).toEqual(["card #ops silenced"]);
    expect(brief(world.step(START + 10 * MINUTE, [diagnosis({ severity: "critical" })]))).toEqual([
      "card #ops severity-raised",
    ]);
    expect(brief(world.step(START + 11 * MINUTE, []))).toEqual(["card #ops resolved", "reply! #ops resolved"]);
  });

  test("a told incident whose silence ends is told again, and waits anew", () => {
    const world = new World({
      ...FLEET,
      incidents: {
        reopenWithinMs: 1,
        remindEveryMs: 60 * MINUTE,
        escalate: [{ afterMs: 5 * MINUTE, channel: undefined, mention: "@lead" }],
      },
    });
    world.step(START, [diagnosis()]);
    world.silences = [silence()];
    world.step(START + MINUTE, [diagnosis()]);
    expect(brief(world.step(START + 30 * MINUTE, [diagnosis()]))).toEqual([
      "card #ops unsilenced",
      "reply! #ops unsilenced",
    ]);
    expect(brief(world.step(START + 35 * MINUTE, [diagnosis()]))).toEqual([
      "card #ops escalated",
      "reply! #ops escalated @lead",
    ]);
  });
});

describe("waiting for somebody", () => {
  const FLEET_2 = {
    ...FLEET,
    incidents: {
      reopenWithinMs: MINUTE,
      remindEveryMs: 60 * MINUTE,
      escalate: [
        { afterMs: 15 * MINUTE, channel: "#leads", mention: "@lead" },
        { afterMs: 30 * MINUTE, channel: undefined, mention: "@boss" },
      ],
    },
  };

  test("reminders repeat, each escalation step comes once, and an extra channel gets the card and the end", () => {
    const world = new World(FLEET_2);
    for (let minute = 0; minute <= 125; minute++) world.step(START + minute * MINUTE, [diagnosis()]);
    expect(brief(world.notices)).toEqual([
      "card #ops opened",
      "card #ops escalated",
      "reply #ops escalated",
      "card #leads escalated @lead",
      "card #ops escalated",
      "reply! #ops escalated @boss",
      "card #leads escalated",
      "reply! #leads escalated @boss",
      ...["reminded", "reminded"].flatMap((why) =>
        ["#ops", "#leads"].flatMap((to) => [`card ${to} ${why}`, `reply! ${to} ${why}`]),
      ),
    ]);
    const end = world.step(START + 126 * MINUTE, []);
    expect(end.filter((one) => one.broadcast).map((one) => one.channel)).toEqual(["#ops", "#leads"]);
  });

  test("acknowledged: told quietly, and neither reminders nor escalation follow", () => {
    const world = new World(FLEET_2);
    world.step(START, [diagnosis()]);
    const output = acknowledge({ fleet: FLEET_2, incident: only(world), by: " ana ", now: START + MINUTE });
    expect(brief(output.notices)).toEqual(["card #ops acknowledged", "reply #ops acknowledged"]);
    expect(output.incidents[0]).toMatchObject({
      state: "acknowledged",
      acknowledgedBy: "ana",
      acknowledgedAt: START + MINUTE,
    });
    world.incidents.set("INC-1", single(output.incidents));
    expect(acknowledge({ fleet: FLEET_2, incident: only(world), by: "ben", now: START + MINUTE }).incidents).toEqual(
      [],
    );
    for (let hour = 1; hour < 10; hour++) expect(world.step(START + hour * 60 * MINUTE, [diagnosis()])).toEqual([]);
  });

  test("a long absence of corewatch makes up for its escalation once, not for each missed reminder", () => {
    const world = new World(FLEET_2);
    world.step(START, [diagnosis()]);
    world.step(START + 600 * MINUTE, [diagnosis()]);
    expect(world.story("INC-1")).toEqual(["opened", "reminded", "escalated", "escalated"]);
    expect(world.step(START + 601 * MINUTE, [diagnosis()])).toEqual([]);
  });

  test("a clock that is set back neither calls anybody nor stops the calling for good", () => {
    const world = new World(FLEET_2);
    world.step(START, [diagnosis()]);
    expect(world.step(START - 300 * MINUTE, [diagnosis()])).toEqual([]);
    expect(world.step(START - 290 * MINUTE, [diagnosis()])).toEqual([]);
    expect(brief(world.step(START - 285 * MINUTE, [diagnosis()]))).toContain("card #leads escalated @lead");
    expect(
      world
        .step(START - 600 * MINUTE, [])
        .map((one) => one.text)
        .join(""),
    ).toContain("Over after 0 ms");
  });
});
