import { expect, test } from "vitest";
import { order } from "../../src/store/outbox-order.ts";
import type { PendingNotice } from "../../src/store/outbox-order.ts";

function notice(id: number, given: Partial<PendingNotice> = {}): PendingNotice {
  const plain = { mention: null, begun_at: null, attempts: 0, failing_since: null, due_at: 0 };
  return { id, incident: 1, channel: "#ops", kind: "card", ...plain, ...given };
}

const heads = (pending: PendingNotice[], posted = false, inFlight: number[] = []): number[] =>
  order(pending, () => posted, new Set(inFlight)).heads.map((head) => head.id);

test("each incident and channel has one notice at a time, oldest first", () => {
  const pending = [
    notice(1, { incident: 2 }),
    notice(2, { channel: "#leads" }),
    notice(3, { kind: "reply", incident: 2 }),
    notice(4),
  ];
  expect(heads(pending)).toEqual([1, 2, 4]);
});

test("before the message is posted the card goes first, afterwards what is older", () => {
  const pending = [notice(1, { kind: "reply" }), notice(2)];
  expect(heads(pending)).toEqual([2]);
  expect(heads(pending, true)).toEqual([1]);
});

test("a reply without any card to wait for goes", () => {
  expect(heads([notice(1, { kind: "reply" })])).toEqual([1]);
});

test("a postponed head keeps those behind it waiting", () => {
  const { heads: found } = order(
    [notice(1, { kind: "reply", due_at: 50 }), notice(2, { kind: "reply" })],
    () => true,
    new Set(),
  );
  expect(found).toMatchObject([{ id: 1, due_at: 50 }]);
});

test("the newest card takes over the others' doubts, failures, patience and mention", () => {
  const pending = [
    notice(1, { begun_at: 10, attempts: 2, failing_since: 11, due_at: 90, mention: "@oncall" }),
    notice(2, { failing_since: 15, due_at: 70, attempts: 1 }),
    notice(3),
  ];
  const { folds, heads: found } = order(pending, () => false, new Set());
  expect(folds).toEqual([
    { superseded: [1, 2], into: 3, begunAt: 10, attempts: 2, mention: "@oncall", failingSince: 11, dueAt: 90 },
  ]);
  expect(found).toMatchObject([
    { id: 3, begun_at: 10, attempts: 2, mention: "@oncall", failing_since: 11, due_at: 90 },
  ]);
});

test("what is being sent keeps its incident and channel to itself", () => {
  const pending = [notice(1), notice(2), notice(3, { incident: 2 })];
  const { folds } = order(pending, () => false, new Set([1]));
  expect(folds).toEqual([]);
  expect(heads(pending, false, [1])).toEqual([3]);
});
