import type { Random } from '../random.ts'
import type { FaultRule, GoodbyeName, Story } from '../stories/story.ts'

/** A fault with everything that the seed decides. `target` is a role: a worker started again keeps it. */
export type PlannedFault = { readonly atMs: number; readonly target: string } & (
  | { readonly fault: 'visit'; readonly goodbye: GoodbyeName }
  | { readonly fault: 'kill'; readonly restartMs: number }
  | { readonly fault: 'replace'; readonly downMs: number }
  | { readonly fault: 'freeze'; readonly forMs: number }
)

/** The faults of a run of `durationMs`, in the order of time. One that would outlast the run is left out. */
export function drawPlan(story: Story, random: Random, durationMs: number): PlannedFault[] {
  return story.faults
    .flatMap((rule) => drawRule(story, rule, random, durationMs))
    .filter((planned) => endOf(planned) <= durationMs)
    .sort((a, b) => a.atMs - b.atMs)
}

export function workerNames({ workers }: Story): string[] {
  return Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)
}

export function guestNames({ guests }: Story): string[] {
  return Array.from({ length: guests }, (_, index) => `guest-${index + 1}`)
}

/** The first comes after half an interval, so that a short run has one of each. */
function drawRule(story: Story, rule: FaultRule, random: Random, durationMs: number): PlannedFault[] {
  const targets = (rule.fault === 'visit' ? guestNames(story) : workerNames(story)) as [string, ...string[]]
  const planned: PlannedFault[] = []
  for (let middleMs = rule.everyMs / 2; middleMs < durationMs; middleMs += rule.everyMs) {
    const when = {
      atMs: middleMs + random.between(-rule.jitter, rule.jitter) * rule.everyMs,
      target: random.pick(targets),
    }
    if (rule.fault === 'visit') planned.push({ ...when, fault: 'visit', goodbye: random.pick(rule.goodbyes) })
    if (rule.fault === 'kill') planned.push({ ...when, fault: 'kill', restartMs: random.between(...rule.restartMs) })
    if (rule.fault === 'replace') {
      const target = targets[planned.length % targets.length] as string
      planned.push({ ...when, target, fault: 'replace', downMs: random.between(...rule.downMs) })
    }
    if (rule.fault === 'freeze') planned.push({ ...when, fault: 'freeze', forMs: random.between(...rule.forMs) })
  }
  return planned
}

function endOf(planned: PlannedFault): number {
  return planned.atMs + (planned.fault === 'freeze' ? planned.forMs : 0)
}
