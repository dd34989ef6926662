/**
 * The first schema. Times are epoch milliseconds (int8) unless they say otherwise; smallints are positions in the closed
 * lists of the domain, whose order never changes. Observations are partitioned so that dropping old ones costs nothing;
 * their key begins with the slot, so that appending touches one end of the index only.
 */
export const SCHEMA_1 = `
CREATE TABLE corewatch.fleet (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  last_incident int NOT NULL DEFAULT 0,
  raw_ms int8 NOT NULL,
  minute_ms int8 NOT NULL,
  hour_ms int8 NOT NULL
);

CREATE TABLE corewatch.series (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fleet int NOT NULL REFERENCES corewatch.fleet,
  key text NOT NULL,
  deployment text,
  UNIQUE (fleet, key)
);

-- lateness and duration in microseconds.
CREATE TABLE corewatch.observation (
  slot int8 NOT NULL,
  at int8 NOT NULL,
  series int NOT NULL,
  duration int NOT NULL,
  lateness int NOT NULL,
  health smallint NOT NULL,
  reason smallint NOT NULL,
  detail text,
  measures jsonb,
  PRIMARY KEY (slot, series)
) PARTITION BY RANGE (slot);

CREATE TABLE corewatch.missed (
  slot int8 NOT NULL,
  series int NOT NULL,
  why smallint NOT NULL,
  PRIMARY KEY (slot, series)
) PARTITION BY RANGE (slot);

-- latency: HDR histogram of microseconds, V2 encoding, over all but unknown observations.
CREATE TABLE corewatch.minute (
  start int8 NOT NULL,
  series int NOT NULL,
  up int NOT NULL,
  degraded int NOT NULL,
  down int NOT NULL,
  unknown int NOT NULL,
  missed int NOT NULL,
  latency bytea,
  PRIMARY KEY (series, start)
) PARTITION BY RANGE (start);

CREATE TABLE corewatch.hour (LIKE corewatch.minute, PRIMARY KEY (series, start)) PARTITION BY RANGE (start);

-- Minutes (span 0) and hours (span 1) whose rollup is missing or out of date: written in the transaction that makes it
-- so, removed in the one that mends it.
CREATE TABLE corewatch.stale (
  fleet int NOT NULL REFERENCES corewatch.fleet,
  span smallint NOT NULL,
  start int8 NOT NULL,
  PRIMARY KEY (fleet, span, start)
);

CREATE TABLE corewatch.series_state (
  series int PRIMARY KEY REFERENCES corewatch.series,
  health smallint NOT NULL,
  reason smallint NOT NULL,
  since int8 NOT NULL,
  recent text NOT NULL,
  goods int NOT NULL,
  slot int8 NOT NULL,
  version int NOT NULL
);

CREATE TABLE corewatch.incident (
  fleet int NOT NULL REFERENCES corewatch.fleet,
  number int NOT NULL,
  state text NOT NULL,
  scope text NOT NULL,
  resolved_at int8,
  version int NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (fleet, number)
);
CREATE UNIQUE INDEX incident_one_open_per_scope ON corewatch.incident (fleet, scope) WHERE state <> 'resolved';
CREATE INDEX incident_resolved ON corewatch.incident (fleet, resolved_at) WHERE resolved_at IS NOT NULL;

CREATE TABLE corewatch.incident_event (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fleet int NOT NULL,
  incident int NOT NULL,
  at int8 NOT NULL,
  kind text NOT NULL,
  text text NOT NULL,
  FOREIGN KEY (fleet, incident) REFERENCES corewatch.incident
);
CREATE INDEX incident_event_of ON corewatch.incident_event (fleet, incident, id);

CREATE TABLE corewatch.notice (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fleet int NOT NULL,
  incident int NOT NULL,
  channel text NOT NULL,
  kind text NOT NULL,
  because text NOT NULL,
  text text NOT NULL,
  broadcast boolean NOT NULL,
  mention text,
  at int8 NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts int NOT NULL DEFAULT 0,
  begun_at int8,
  failing_since int8,
  due_at int8 NOT NULL DEFAULT 0,
  sent_at int8,
  receipt text,
  error text,
  FOREIGN KEY (fleet, incident) REFERENCES corewatch.incident
);
CREATE INDEX notice_pending ON corewatch.notice (fleet, id) WHERE state = 'pending';
CREATE INDEX notice_of ON corewatch.notice (fleet, incident, id);

CREATE TABLE corewatch.post (
  fleet int NOT NULL,
  incident int NOT NULL,
  channel text NOT NULL,
  channel_id text NOT NULL,
  ts text NOT NULL,
  PRIMARY KEY (fleet, incident, channel),
  FOREIGN KEY (fleet, incident) REFERENCES corewatch.incident
);

CREATE TABLE corewatch.silence (
  fleet int NOT NULL REFERENCES corewatch.fleet,
  id text NOT NULL,
  from_at int8 NOT NULL,
  until_at int8 NOT NULL,
  match jsonb NOT NULL,
  reason text NOT NULL,
  by text NOT NULL,
  PRIMARY KEY (fleet, id)
);

CREATE TABLE corewatch.beat (
  fleet int NOT NULL REFERENCES corewatch.fleet,
  id text NOT NULL,
  at int8 NOT NULL,
  ok boolean NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (fleet, id)
);

CREATE TABLE corewatch.fact (
  fleet int NOT NULL REFERENCES corewatch.fleet,
  key text NOT NULL,
  value jsonb NOT NULL,
  PRIMARY KEY (fleet, key)
);
`;
