/** Part of a resource policy that is looked at. */
interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
}

/** The policy that SNS gives a new topic: everyone of the account, services that act for it included. */
export function defaultTopicPolicy(arn: string, account: string): string {
  const actions = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
  ].concat(["Subscribe", "ListSubscriptionsByTopic", "Publish"]);
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: actions.map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { "AWS:SourceOwner": account } },
      },
    ],
  });
}

/** Whether a policy lets a service of the same account do `action` (`sns:Publish`). Conditions are taken as met. */
export function policyAllows(policy: string | undefined, service: string, action: string): boolean {
  const statements = statementsOf(policy).filter(
    ({ Principal, Action }) => principalFits(Principal, service) && actionFits(Action, action),
  );
  return statements.some(({ Effect }) => Effect === "Allow") && !statements.some(({ Effect }) => Effect === "Deny");
}

/** Whether it is a policy document at all. */
export function isPolicy(policy: string): boolean {
  return statementsOf(policy).length > 0;
}

function statementsOf(policy: string | undefined): readonly Statement[] {
  if (policy === undefined || policy === "") return [];
  let document: unknown;
  try {
    document = JSON.parse(policy);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  if (typeof document !== "object" || document === null || !("Statement" in document)) return [];
  return listOf(document.Statement).filter((one): one is Statement => typeof one === "object" && one !== null);
}

function principalFits(principal: unknown, service: string): boolean {
  if (principal === "*") return true;
  if (typeof principal !== "object" || principal === null) return false;
  const services = "Service" in principal ? listOf(principal.Service) : [];
  const accounts = "AWS" in principal ? listOf(principal.AWS) : [];
  return services.includes(service) || accounts.includes("*");
}

function actionFits(actions: unknown, action: string): boolean {
  return listOf(actions).some((one) => {
    if (typeof one !== "string") return false;
    const wanted = one.toLowerCase();
    return wanted === "*" || wanted === action.toLowerCase() || wanted === `${action.split(":")[0]?.toLowerCase()}:*`;
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
