import { judge, type Rule } from "./rule.ts";

const TABLE = "apps_with_load_balancer";

/** The control database knows that this app has a load balancer; without it, the next deployment forgets it. */
export const appRegistered: Rule = {
  id: "app-registered",
  title: `app id in ${TABLE}`,
  seed: "Add app id to database: add appId to apps_with_load_balancer table",
  applies: ({ loadBalancer, controlDatabase }) => loadBalancer !== undefined && controlDatabase !== undefined,
  async check({ deployment: { app, controlDatabase }, control }) {
    const apps = await control.appsWithLoadBalancer(controlDatabase ?? "");
    return judge(
      apps.has(app),
      `${app} in ${TABLE}`,
      apps.has(app) ? "there" : `not among its ${apps.size}`,
      `insert into ${TABLE} values ('${app.replaceAll("'", "''")}') in database ${controlDatabase}`,
    );
  },
};
