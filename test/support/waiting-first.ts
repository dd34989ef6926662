import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that drive the real program wait most of their time: they begin first, so that quick ones fill the gaps at the end. */
export default class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = (file: TestSpecification): number => (file.moduleId.includes("/test/acceptance/") ? 0 : 1);
    return [...sorted].sort((a, b) => rank(a) - rank(b));
  }
}
