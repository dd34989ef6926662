import type { Store } from "../../src/domain/index.ts";
import { outboxConformance } from "../conformance/store-outbox.ts";
import { FakeOutbox } from "../fakes/outbox.ts";

const absent = (): Promise<never> => Promise.reject(new Error("the outbox in memory is only an outbox"));

/** As much of a store as the outbox's rules need, over the outbox in memory. */
function storeOver(outbox: FakeOutbox): Store {
  return {
    outbox,
    async decide(_keys, _resolvedAfter, decide) {
      const output = decide({ states: new Map(), incidents: [], silences: [], newIncidentId: () => "INC-1" });
      for (const incident of output.incidents) outbox.commit({ ...incident, version: 1 }, [], output.events);
      for (const notice of output.notices) {
        const story = outbox.story(notice.incident);
        if (story !== undefined) outbox.commit(story.incident, [notice]);
      }
      return output;
    },
    async get(id) {
      const story = outbox.story(id);
      return story === undefined ? undefined : { ...story, notices: outbox.rows };
    },
    append: absent,
    states: absent,
    open: absent,
    list: absent,
    silences: absent,
    addSilence: absent,
    endSilence: absent,
    onChange: () => ({ stop: () => {} }),
    beat: absent,
    beats: absent,
    onBeat: () => ({ stop: () => {} }),
    getFact: absent,
    putFact: absent,
    exclusive: absent,
    summary: absent,
    latest: absent,
    lastSeen: absent,
    housekeeping: { run: absent },
    ping: absent,
    migrate: absent,
    close: async () => {},
  };
}

outboxConformance("The outbox in memory", async () => ({
  store: storeOver(new FakeOutbox()),
  other: undefined,
  close: async () => {},
}));
