import { judge, wantCores, type Rule } from "./rule.ts";

const DEFAULT_SHARE = 0.8;

/** Cores hold all connections of their pools, idle or not: all pools of one database must fit, with room for one core more and for people. */
export const connectionBudget: Rule = {
  id: "connection-budget",
  title: "connection pools against max_connections",
  seed: "Optimise thread pool size and db connection pool size",
  applies: ({ database }) => database !== undefined,
  async check(context) {
    const { deployment, fleet, expect, database } = context;
    const share = expect.connectionShare ?? DEFAULT_SHARE;
    const users = fleet.deployments.filter((one) => one.database === deployment.database);
    wantCores(context, users);
    const { maxConnections } = await database();
    const needed = users.reduce((sum, one) => sum + one.cores.length * one.poolSize, 0);
    const most = Math.floor(maxConnections * share);
    return judge(
      maxConnections === 0 || needed <= most,
      `at most ${Math.round(share * 100)}% of max_connections`,
      maxConnections === 0
        ? `${needed} wanted by ${users.length} deployments; the database sets no limit`
        : `${needed} wanted by ${users.length} deployments, of ${maxConnections} (${Math.round((needed / maxConnections) * 100)}%)`,
      "lower postgresql_connection_pool_size of the cores, raise max_connections, or put a pooler in between",
    );
  },
};
