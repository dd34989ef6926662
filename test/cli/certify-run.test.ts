import { expect, test } from "vitest";
import { RunFolder } from "../../loadtests/record.ts";
import { RunWriter } from "../../src/cli/certify-run.ts";
import { Redactor, type RunEvent } from "../../src/domain/index.ts";
import { passingRun } from "../loadtests/records.ts";

const SECRET = "hunter2-operator-password";

test("whatever says a secret, the record does not hold it", () => {
  const { head, observed } = passingRun("launch");
  const [incident] = observed?.incidents ?? [];
  if (observed === undefined || incident === undefined) throw new Error("the passing run has an incident");
  const redactor = new Redactor();
  redactor.add(SECRET);
  const written: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => void written.push(bytes), close: () => Promise.resolve() };
  const folder = new RunFolder();
  const writer = new RunWriter(sink, folder, {
    onFailure: (error) => {
      throw error;
    },
    redact: (text) => redactor.redact(text),
  });
  const text = `it said ${SECRET}`;
  const action = { stage: 0, at: 1, endedAt: 2, what: "scale", core: null, ok: false, detail: text } as const;
  const told = { ...incident, events: [{ at: 1, kind: "opened" as const, text }] };
  const [plan] = head.plan.stages;
  if (plan === undefined) throw new Error("the plan has a stage");
  const events: readonly RunEvent[] = [
    { type: "stage-began", stage: 0, at: 0, plan },
    { type: "note", at: 1, text },
    { type: "action", ...action },
    { type: "stage-ended", stage: 0, at: 3, generator: null, cut: "failed", detail: text },
    { type: "observed", facts: { ...observed, incidents: [told], troubles: [text] } },
  ];
  writer.begin(head);
  for (const event of events) writer.event(event);
  const all = Buffer.concat(written).toString("utf8");
  expect(all.split("it said [secret]")).toHaveLength(events.length + 1);
  expect(all).not.toContain(SECRET);
  expect(JSON.stringify(folder.record())).not.toContain(SECRET);
});
