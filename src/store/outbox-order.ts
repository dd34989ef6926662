/** What the order of delivery depends on. */
export interface PendingNotice {
  readonly id: number;
  readonly incident: number;
  readonly channel: string;
  readonly kind: "card" | "reply";
  readonly mention: string | null;
  readonly begun_at: number | null;
  readonly attempts: number;
  readonly failing_since: number | null;
  readonly due_at: number;
}

/** A card that is not sent any more, because `into` tells what it told and more. */
export interface Fold {
  readonly superseded: readonly number[];
  /** The card that is sent instead, and what it takes over from the others. */
  readonly into: number;
  readonly begunAt: number | null;
  readonly attempts: number;
  readonly mention: string | null;
  readonly failingSince: number | null;
  readonly dueAt: number;
}

/** What is to be done about a list of pending notices. */
export interface Order<N extends PendingNotice> {
  readonly folds: readonly Fold[];
  /** The next notice of each (incident, channel), oldest first, whether it is due yet or not. */
  readonly heads: readonly N[];
}

/**
 * Puts pending notices in order. Of several cards for one (incident, channel) only the newest goes. Then notices of one
 * (incident, channel) go one after the other: the card first where it has not been posted yet (its thread needs it),
 * else by id.
 * @param pending by id.
 * @param posted whether the incident's message stands in the channel.
 * @param inFlight ids being sent right now: their (incident, channel) is left alone until that ends.
 */
export function order<N extends PendingNotice>(
  pending: readonly N[],
  posted: (notice: N) => boolean,
  inFlight: ReadonlySet<number>,
): Order<N> {
  const lanes = new Map<string, N[]>();
  for (const notice of pending) {
    const lane = `${notice.incident} ${notice.channel}`;
    const list = lanes.get(lane);
    if (list === undefined) lanes.set(lane, [notice]);
    else list.push(notice);
  }
  const folds: Fold[] = [];
  const heads: N[] = [];
  for (const lane of lanes.values()) {
    if (lane.some((notice) => inFlight.has(notice.id))) continue;
    const cards = lane.filter((notice) => notice.kind === "card");
    const newest = cards.at(-1);
    let card = newest;
    if (newest !== undefined && cards.length > 1) {
      const fold = foldInto(newest, cards);
      folds.push(fold);
      const { begunAt: begun_at, attempts, mention, failingSince: failing_since, dueAt: due_at } = fold;
      card = { ...newest, begun_at, attempts, mention, failing_since, due_at };
    }
    const rest = lane.filter((notice) => notice.kind === "reply");
    const first = rest[0];
    const cardFirst = card !== undefined && (first === undefined || card.id < first.id || !posted(card));
    const head = cardFirst ? card : first;
    if (head !== undefined) heads.push(head);
  }
  return { folds, heads: heads.sort((a, b) => a.id - b.id) };
}

/** The newest card takes over that a send was begun (the message may stand), since when sending fails and until when it waits, and whom to mention. */
function foldInto(newest: PendingNotice, cards: readonly PendingNotice[]): Fold {
  return {
    superseded: cards.filter((card) => card.id !== newest.id).map((card) => card.id),
    into: newest.id,
    begunAt: earliest(cards.map((card) => card.begun_at)),
    attempts: Math.max(...cards.map((card) => card.attempts)),
    mention: cards.findLast((card) => card.mention !== null)?.mention ?? null,
    failingSince: earliest(cards.map((card) => card.failing_since)),
    dueAt: Math.max(...cards.map((card) => card.due_at)),
  };
}

function earliest(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}
