import type { Sandbox } from "./fleets-running.ts";
import { StoryStage } from "./story-stage.ts";
import { StoryFailed } from "./story.ts";
import type { Story, StoryEyes, StoryResult } from "./story.ts";

/** Plays a story on a sandbox that a corewatch already watches. Never throws for how the story goes. */
export async function playStory(story: Story, sandbox: Sandbox, eyes: StoryEyes): Promise<StoryResult> {
  const stage = new StoryStage(sandbox, eyes);
  let failure: string | undefined;
  try {
    await story.play(stage);
  } catch (error) {
    if (!(error instanceof StoryFailed)) throw error;
    failure = error.message;
  } finally {
    await stage.close();
  }
  return {
    name: story.name,
    tells: story.tells,
    passed: failure === undefined,
    failure,
    timeline: stage.timeline(),
  };
}
