import { isBalanced, judge, pass, named, type Rule } from "./rule.ts";

/** Who comes by plain HTTP is sent to HTTPS, not answered. */
export const httpRedirect: Rule = {
  id: "http-redirect",
  title: "plain HTTP is redirected",
  seed: "Listeners: choose 80 and 443 ports and make a redirect from 80 to 443 with the balancer rules",
  scanner: "elbv2_ssl_listeners",
  applies: isBalanced,
  async check({ loadBalancer }) {
    const { listeners } = await loadBalancer();
    const plain = listeners.filter((one) => one.protocol === "HTTP");
    const expected = "every plain listener redirects to HTTPS";
    if (plain.length === 0) return pass(expected, "there is no plain listener");
    const open = plain.filter(({ actions }) => actions[0]?.redirect?.protocol !== "HTTPS");
    return judge(
      open.length === 0,
      expected,
      named(
        (open.length === 0 ? plain : open).map(({ port, actions }) => `port ${port}: ${actions[0]?.type ?? "nothing"}`),
      ),
      open
        .map(
          ({ arn }) =>
            `aws elbv2 modify-listener --listener-arn ${arn} --default-actions 'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}'`,
        )
        .join("\n"),
    );
  },
};
