import type { ListenerFacts } from "../domain/index.ts";
import { listenerPort } from "./listeners.ts";
import { isBalanced, judge, pass, named, type Rule } from "./rule.ts";

/** Who comes by plain HTTP is sent to HTTPS, not answered. */
export const httpRedirect: Rule = {
  id: "http-redirect",
  title: "plain HTTP is redirected",
  seed: "Listeners: choose 80 and 443 ports and make a redirect from 80 to 443 with the balancer rules",
  scanner: "elbv2_ssl_listeners",
  applies: isBalanced,
  async check({ loadBalancer, expect }) {
    const { listeners } = await loadBalancer();
    const plain = listeners.filter((one) => one.protocol === "HTTP");
    const secure = new Set(listeners.filter((one) => one.protocol === "HTTPS").map(({ port }) => port));
    const expected = "every plain listener redirects to HTTPS";
    if (plain.length === 0) return pass(expected, "there is no plain listener");
    const open = plain.filter((one) => !secure.has(redirectPort(one) ?? 0));
    const to = secure.has(443) ? 443 : listenerPort(expect);
    return judge(
      open.length === 0,
      expected,
      named(
        (open.length === 0 ? plain : open).map((one) => {
          const port = redirectPort(one);
          const lost = port === undefined || secure.has(port) ? "" : ` to ${port}, where no HTTPS listener is`;
          return `port ${one.port}: ${one.actions[0]?.type ?? "nothing"}${lost}`;
        }),
      ),
      open
        .map(
          ({ arn }) =>
            `aws elbv2 modify-listener --listener-arn ${arn} --default-actions 'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=${to},StatusCode=HTTP_301}'`,
        )
        .join("\n"),
    );
  },
};

/** The port that a listener sends to by HTTPS; `undefined`: it does not. */
function redirectPort({ port, actions }: ListenerFacts): number | undefined {
  const to = actions[0]?.redirect;
  if (to?.protocol !== "HTTPS") return undefined;
  return to.port === "#{port}" ? port : Number(to.port);
}
