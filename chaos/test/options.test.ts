import { expect, test } from 'vitest'
import { readCommandLine } from '../src/options.ts'
import { secondsFor } from '../src/program.ts'
import { STORIES } from '../src/stories/stories.ts'

const read = (line: string) => readCommandLine(line === '' ? [] : line.split(' '), STORIES, 77)

test('without flags all stories run, with any seed', () => {
  expect(read('')).toEqual({ seed: 77, minutes: 5, stories: STORIES, group: {}, json: false })
})

test('flags choose seed, time and story', () => {
  expect(read('--seed 3 --minutes 0.5 --story churn --json')).toMatchObject({
    seed: 3,
    minutes: 0.5,
    stories: [{ name: 'churn' }],
    json: true,
  })
})

test.each([
  ['--seed x', '--seed x is not allowed: it must be a whole number from 0 to 2147483647'],
  ['--seed 1.5', '--seed 1.5 is not allowed'],
  ['--seed=-1', '--seed -1 is not allowed'],
  ['--minutes 0', '--minutes 0 is not allowed: it must be a number above 0'],
  ['--minutes soon', '--minutes soon is not allowed'],
  ['--story other', 'use one of churn, zombie, storm, drain'],
  ['--loud', "Unknown option '--loud'"],
  ['churn', "Unexpected argument 'churn'"],
  ['--seed', "'--seed <value>' argument missing"],
  ['--strategy fair', '--strategy fair is not known'],
])('"%s" is refused with the reason and the fix', (line, reason) => {
  expect(() => read(line)).toThrow(reason)
  expect(() => read(line)).toThrow('Fix: ')
})

test('stories share the time, one alone has it all, and none has too little', () => {
  const all = STORIES.map((story) => secondsFor(story, STORIES, 10))
  expect(all.reduce((sum, seconds) => sum + seconds)).toBeCloseTo(600)
  for (const story of STORIES) {
    expect(secondsFor(story, [story], 10)).toBe(600)
    expect(secondsFor(story, STORIES, 0.01)).toBe(story.minSeconds)
  }
})
