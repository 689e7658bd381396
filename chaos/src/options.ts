import { parseArgs } from 'node:util'
import type { PartitionAssignmentStrategy } from '@holdfast/core'
import { DURATION, FlagError, readNumber, SEED } from './flags.ts'
import type { Story } from './stories/story.ts'
import { type GroupChoice, STRATEGIES } from './worker/group-flags.ts'

export interface CommandLine {
  readonly seed: number
  readonly minutes: number
  readonly stories: readonly Story[]
  readonly group: GroupChoice
  readonly json: boolean
}

const DEFAULT_MINUTES = 5

/** @throws FlagError */
export function readCommandLine(args: readonly string[], stories: readonly Story[], anySeed: number): CommandLine {
  const values = parse(args)
  return {
    seed: readNumber('seed', values.seed, anySeed, SEED),
    minutes: readNumber('minutes', values.minutes, DEFAULT_MINUTES, DURATION),
    stories: readStories(values.story, stories),
    group: readGroup(values),
    json: values.json === true,
  }
}

function readGroup({ strategy, static: isStatic }: { strategy?: string; static?: boolean }): GroupChoice {
  return {
    ...(strategy === undefined ? {} : { strategy: strategy.split(',').map(readStrategy) }),
    ...(isStatic === undefined ? {} : { isStatic }),
  }
}

function readStrategy(text: string): PartitionAssignmentStrategy {
  const found = STRATEGIES.find((name) => name === text.trim())
  if (found !== undefined) return found
  throw new FlagError(`--strategy ${text} is not known`, `use one or more of ${STRATEGIES.join(',')}`)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        minutes: { type: 'string' },
        story: { type: 'string' },
        json: { type: 'boolean' },
        strategy: { type: 'string' },
        static: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('. ')
    throw new FlagError(reason, 'use --seed N, --minutes M, --story NAME, --strategy NAMES, --static and --json')
  }
}

function readStories(name: string | undefined, stories: readonly Story[]): readonly Story[] {
  if (name === undefined) return stories
  const found = stories.filter((story) => story.name === name)
  if (found.length > 0) return found
  const known = stories.map((story) => story.name).join(', ')
  throw new FlagError(`--story ${name} is not allowed: there is no such story`, `use one of ${known}, or leave it out`)
}
