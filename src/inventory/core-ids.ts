import type { FoundCore, VacantCore } from "../domain/index.ts";

/** An id, and whose it was. */
export interface GivenId {
  readonly id: string;
  /** The core that left and whose id goes on; `undefined`: a new number. */
  readonly from: VacantCore | undefined;
}

/** What ids are given from. */
export interface IdSupply {
  readonly prefix: string;
  /** Ids that may not be given: of cores that stay, and of cores in fleet.yaml. */
  readonly taken: ReadonlySet<string>;
  /** Those whose core left, the latest first. */
  readonly vacant: readonly VacantCore[];
}

type Fits = (core: FoundCore, url: string, left: VacantCore) => boolean;

/** From the surest sign that one stands in for the other to none at all. */
const SIGNS: readonly Fits[] = [
  (_core, url, left) => left.url === url,
  (core, _url, left) => core.instance !== null && core.instance === left.instance,
  (core, _url, left) => core.zone !== null && core.zone === left.zone,
  () => true,
];

/**
 * An id for each core that nobody knows yet, by its key. A core takes the id of one that left, the likeliest first, so that
 * history goes on through a change of address; where none is left over, the smallest free number.
 */
export function giveIds(
  fresh: readonly { readonly core: FoundCore; readonly url: string }[],
  { prefix, taken, vacant }: IdSupply,
): ReadonlyMap<string, GivenId> {
  const given = new Map<string, GivenId>();
  const left = vacant.filter(({ id }) => !taken.has(id));
  for (const fits of SIGNS) {
    for (const { core, url } of fresh) {
      if (given.has(core.key)) continue;
      const at = left.findIndex((one) => fits(core, url, one));
      const [from] = at === -1 ? [] : left.splice(at, 1);
      if (from !== undefined) given.set(core.key, { id: from.id, from });
    }
  }
  const used = new Set([...taken, ...[...given.values()].map(({ id }) => id)]);
  let number = 1;
  for (const { core } of fresh) {
    if (given.has(core.key)) continue;
    while (used.has(`${prefix}-${number}`)) number++;
    const id = `${prefix}-${number++}`;
    used.add(id);
    given.set(core.key, { id, from: undefined });
  }
  return given;
}
