import { isHeard, placeKey } from "../../alarms/ingress.ts";
import { siteKey, type World } from "../../alarms/world.ts";
import type { CloudPlace, Fleet, Log } from "../domain/index.ts";
import { hasIngress } from "./alarm-facts.ts";

/** Where alarms arrive by themselves, as AWS was last seen: everywhere else they have to be asked for. */
export class AlarmEars {
  readonly #log: Log;
  #heard: ReadonlySet<string> = new Set();
  #deaf = "";

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes in what was read. A site that could not be read counts as not heard. */
  learn(fleet: Fleet, { sites }: World): void {
    const heard = sites.filter((site) => isHeard(fleet, site));
    this.#heard = new Set(heard.map((one) => placeKey(one.place, one.region)));
    const deaf = sites.filter((site) => !heard.includes(site)).map(siteKey);
    const before = this.#deaf;
    this.#deaf = deaf.join(", ");
    if (hasIngress(fleet) && deaf.length > 0 && this.#deaf !== before)
      this.#log.warn(
        `no confirmed subscription of corewatch hears the topics at ${this.#deaf}: CloudWatch is asked for its alarms there instead`,
      );
  }

  /** Nothing is known any more: the configuration changed. */
  forget(): void {
    this.#heard = new Set();
    this.#deaf = "";
  }

  /** Whether alarms of this place surely arrive by themselves. */
  hears(place: CloudPlace, region: string): boolean {
    return this.#heard.has(placeKey(place, region));
  }
}
