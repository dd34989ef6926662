import { Client } from "pg";
import type { FleetPlan } from "./fleets.ts";

/** Apart from the cores' own tables, one of which is called `apps` too. */
const SCHEMA = "control";

/** The hosted fleet's tables. */
const TABLES = `
create schema if not exists ${SCHEMA};
set search_path to ${SCHEMA};
create table if not exists apps (app_id varchar(64) primary key);
create table if not exists aws_deployments (
  deployment_id varchar(64) primary key,
  app_id varchar(64) not null references apps,
  kind varchar(16) not null,
  region varchar(32) not null);
create table if not exists aws_instances (
  instance_id varchar(32) primary key,
  instance_type varchar(32) not null,
  zone varchar(32) not null,
  private_ip varchar(64) not null);
create table if not exists aws_containers (
  container_id varchar(64) primary key,
  deployment_id varchar(64) not null references aws_deployments,
  instance_id varchar(32) not null references aws_instances,
  host_port integer not null);
create table if not exists apps_with_load_balancer (app_id varchar(64) primary key references apps);
`;

/** Where the cores of the app \`$1\` are, for `discover: control-database`. */
export const CORES_QUERY = `select i.private_ip as host, c.host_port as port, i.instance_id as instance, i.zone, c.container_id as key
from aws_containers c join aws_instances i using (instance_id) join aws_deployments d using (deployment_id)
where d.app_id = $1 order by c.container_id`;

/**
 * Makes the hosted fleet's tables, with what is in the plan. Gives the address under which they are found; `undefined`: the
 * fleet has no control database.
 */
export async function createControlTables(
  { deployments, account }: FleetPlan,
  databaseUrl: string,
  ports: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  if (account?.appsWithLoadBalancer === undefined) return undefined;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(TABLES);
    const put = (table: string, row: readonly (string | number)[]): Promise<unknown> =>
      client.query(
        `insert into ${table} values (${row.map((_, index) => `$${index + 1}`).join(", ")}) on conflict do nothing`,
        [...row],
      );
    for (const { app } of deployments) await put("apps", [app]);
    for (const { id, app, kind } of deployments) await put("aws_deployments", [id, app, kind, "eu-west-1"]);
    for (const { id, type, zone, host } of account.instances) await put("aws_instances", [id, type, zone, host]);
    for (const deployment of deployments)
      for (const core of deployment.cores) {
        const id = `${deployment.id}/${core.id}`;
        await put("aws_containers", [id, deployment.id, core.instance, ports.get(id) ?? 0]);
      }
    for (const app of account.appsWithLoadBalancer) await put("apps_with_load_balancer", [app]);
  } finally {
    await client.end();
  }
  return `${databaseUrl}?options=-c%20search_path%3D${SCHEMA}`;
}
