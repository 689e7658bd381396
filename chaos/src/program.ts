import { kafka } from '@holdfast/testing'
import type { CommandLine } from './options.ts'
import { formatResult, hasPassed, toJson } from './report.ts'
import { runStory, type StoryResult } from './run/run-story.ts'
import type { Story } from './stories/story.ts'

export interface ProgramPorts {
  /** Where journals and kept histories go. */
  readonly folder: string
  print(line: string): void
  log(line: string): void
}

/** Runs the stories one after another on one broker; answers whether all passed. */
export async function runProgram(line: CommandLine, { folder, print, log }: ProgramPorts): Promise<boolean> {
  const { seed, minutes, stories, group } = line
  await using cluster = await kafka({ log })
  const results: StoryResult[] = []
  for (const story of stories) {
    const seconds = secondsFor(story, stories, minutes)
    log(`${story.name}: ${story.summary}; seed ${seed}, ${Math.round(seconds)} s`)
    const result = await runStory(story, { brokers: cluster.brokers, seed, seconds, folder, group })
    results.push(result)
    print(formatResult(result))
  }
  const isGood = results.every(hasPassed)
  print(`chaos, seed ${seed}: ${isGood ? 'passed' : 'FAILED'}`)
  if (line.json) print(toJson(seed, results))
  return isGood
}

/** Stories share the time out by weight; none gets less than shows something. */
export function secondsFor(story: Story, stories: readonly Story[], minutes: number): number {
  const shares = stories.reduce((sum, { share }) => sum + share, 0)
  return Math.max(story.minSeconds, (minutes * 60 * story.share) / shares)
}
