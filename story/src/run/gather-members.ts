import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arm, Place } from '../arms/arm.ts'
import { Formation } from './formation.ts'
import { MemberProcess } from './member-process.ts'

const FORMATION_LIMIT_MS = 60_000

export interface Members extends AsyncDisposable {
  /** Rejects when one fails, or ends by itself. */
  readonly failed: Promise<never>
}

export interface Gathering {
  readonly place: Place
  readonly partitions: number
  /** Where the logs of the members go. */
  readonly folder: string
  sent(id: number): void
}

/** Starts the members of an arm and waits until the group has dealt all partitions to all of them. */
export async function gatherMembers(arm: Arm, { place, partitions, folder, sent }: Gathering): Promise<Members> {
  const formation = new Formation(arm.members, partitions)
  const processes = Array.from({ length: arm.members }, (_, index) => {
    const logPath = join(folder, `${place.groupId}-${index + 1}.txt`)
    const assigned = (share: readonly number[]): void => formation.assign(index, share)
    return new MemberProcess({ ...place, arm: arm.name }, logPath, { assigned, sent })
  })
  const members: Members = {
    failed: Promise.race(processes.map(({ failed }) => failed)),
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()))
    },
  }
  members.failed.catch(() => undefined)
  try {
    await Promise.race([formation.formed, members.failed, failLate(arm)])
    return members
  } catch (error) {
    await members[Symbol.asyncDispose]()
    throw error
  }
}

async function failLate({ name }: Arm): Promise<never> {
  await sleep(FORMATION_LIMIT_MS, undefined, { ref: false })
  throw new Error(`${name}: the group has not formed within ${FORMATION_LIMIT_MS} ms`)
}
