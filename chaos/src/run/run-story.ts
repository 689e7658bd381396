import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fleet } from '../fleet/fleet.ts'
import { readJournals, writeHistory } from '../history/history-file.ts'
import { Journal } from '../history/journal.ts'
import { judgeHistory, type Verdict } from '../judge/verdict.ts'
import { type Clients, connectClients, createTopics, readLogEnds, type Topic } from '../kafka/clients.ts'
import { CommitSampler } from '../kafka/commit-sampler.ts'
import { SteadyProducer } from '../kafka/steady-producer.ts'
import { drawPlan, guestNames, workerNames } from '../plan/draw-plan.ts'
import { Random, seedOf } from '../random.ts'
import type { Story } from '../stories/story.ts'
import type { GroupChoice } from '../worker/group-flags.ts'
import { awaitCommits } from './await-commits.ts'

export interface RunSettings {
  readonly brokers: readonly string[]
  readonly seed: number
  /** How long faults happen; gathering before and catching up after come on top. */
  readonly seconds: number
  /** Where journals go, and the history of a run that failed. */
  readonly folder: string
  readonly group: GroupChoice
}

export interface StoryResult {
  readonly story: Story
  readonly seed: number
  readonly seconds: number
  readonly verdict: Verdict
  /** Kept where the verdict is no pass. */
  readonly historyPath: string | undefined
}

interface Scene extends RunSettings {
  readonly story: Story
  readonly clients: Clients
  readonly topics: readonly Topic[]
  readonly journal: Journal
  readonly fleet: Fleet
  readonly sampler: CommitSampler
  readonly producer: SteadyProducer
}

/** After the last fault all must be handled and committed within this time. */
const CATCH_UP_LIMIT_MS = 90_000
/** Before a first measure, what is compiled and pooled once has been. */
const WARM_UP_MS = 8_000

/** Plays a story with real processes, and judges what they did. */
export async function runStory(story: Story, settings: RunSettings): Promise<StoryResult> {
  const { seed, seconds, folder } = settings
  const id = `${story.name}-seed-${seed}-${process.pid}`
  const journals = join(folder, id)
  mkdirSync(journals, { recursive: true })
  const journal = new Journal('program', join(journals, 'program.jsonl'))
  journal.note({ kind: 'phase', phase: 'began', detail: JSON.stringify({ story, seed, seconds }) })
  try {
    await play(story, settings, { id, journals, journal })
  } finally {
    journal.close()
  }
  const entries = await readJournals(journals)
  const verdict = judgeHistory(story, entries)
  const historyPath = verdict.violations.length === 0 ? undefined : join(folder, `${id}.jsonl`)
  if (historyPath !== undefined) await writeHistory(historyPath, entries)
  rmSync(journals, { recursive: true })
  return { story, seed, seconds, verdict, historyPath }
}

interface Names {
  readonly id: string
  readonly journals: string
  readonly journal: Journal
}

async function play(story: Story, settings: RunSettings, { id, journals, journal }: Names): Promise<void> {
  const { brokers, seed, group } = settings
  await using clients = await connectClients(brokers)
  const topics = story.partitions.map((partitions) => ({ name: `chaos-${id}-${partitions}`, partitions }))
  await createTopics(clients.admin, topics)
  const { tuning, work } = story
  const worker = { brokers, topics: topics.map(({ name }) => name), groupId: `chaos-${id}`, tuning, work, group }
  const fleet = new Fleet(worker, journals, journal)
  const sampler = new CommitSampler(clients.admin, worker.groupId, topics, journal)
  const random = new Random(seedOf(seed, `${story.name} records`))
  const producer = new SteadyProducer(clients.producer, { ...story, topics }, random, journal)
  try {
    await perform({ ...settings, story, clients, topics, journal, fleet, sampler, producer })
  } finally {
    await fleet.abandon()
  }
}

async function perform(scene: Scene): Promise<void> {
  const { story, journal, fleet, sampler, producer } = scene
  const workers = workerNames(story)
  for (const guest of guestNames(story)) fleet.start(guest)
  await fleet.gather(workers)
  sampler.start()
  const isMeasured = story.settlement.measuresLeaks === true
  if (isMeasured) await warmUp(scene)
  producer.start()
  journal.note({ kind: 'phase', phase: 'faults began', detail: '' })
  await strikeAll(scene)
  journal.note({ kind: 'phase', phase: 'faults ended', detail: '' })
  await fleet.settle()
  await producer.stop()
  await catchUp(scene)
  if (isMeasured) await fleet.measure(workers)
  await fleet.dismiss()
  await sampler.stop()
}

async function warmUp(scene: Scene): Promise<void> {
  scene.producer.start()
  await sleep(WARM_UP_MS)
  await scene.producer.stop()
  await catchUp(scene)
  await scene.fleet.measure(workerNames(scene.story))
}

async function strikeAll({ story, seed, seconds, fleet }: Scene): Promise<void> {
  const startedMs = performance.now()
  const untilMs = (atMs: number): number => Math.max(0, startedMs + atMs - performance.now())
  for (const planned of drawPlan(story, new Random(seedOf(seed, `${story.name} faults`)), seconds * 1_000)) {
    await sleep(untilMs(planned.atMs))
    fleet.strike(planned)
  }
  await sleep(untilMs(seconds * 1_000))
}

async function catchUp({ clients, topics, sampler, journal }: Scene): Promise<void> {
  const missing = await awaitCommits(sampler, await readLogEnds(clients.admin, topics), CATCH_UP_LIMIT_MS)
  if (missing === undefined) journal.note({ kind: 'phase', phase: 'caught up', detail: '' })
  else journal.note({ kind: 'phase', phase: 'stalled', detail: missing })
}
