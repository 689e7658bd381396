import {
  HoldfastError,
  type MembershipAnswer,
  type OutgoingRecord,
  type TransactionRequest,
  type TransactionResult,
} from '@holdfast/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TransactionalId } from '../../src/transact/transactional-id.ts'
import { type Declined, type Step, TransactionFailure } from '../../src/transact/transactional-producer.ts'

const request = (offset: number, epoch = 1): TransactionRequest => ({
  topic: 't',
  partition: 0,
  epoch,
  offset,
  metadata: `m${offset}`,
  outputs: [],
})
const typed = (type: string): Error => Object.assign(new Error(type), { type })
const fails =
  (step: Step, type = 'REQUEST_TIMED_OUT') =>
  async (): Promise<void> => {
    throw new TransactionFailure(step, typed(type))
  }
const OUTPUT: OutgoingRecord = { topic: 'out', key: null, value: null, headers: [] }
const declines = (declined: Declined) => async (): Promise<void> => {
  throw new TransactionFailure('send', declined.reason, declined)
}
const codeOf = (result: TransactionResult): string | undefined =>
  result.status === 'ok' ? undefined : (result.error as { code?: string }).code

/** An id whose producers do as the test says, and all that they and the group are asked. */
class Scene {
  readonly told: string[] = []
  readonly runs: (() => Promise<void>)[] = []
  claims: () => Promise<void> = async () => undefined
  membership: MembershipAnswer = 'member'
  committed = -1
  owned = true
  readonly id: TransactionalId = new TransactionalId('g/t/0', {
    groupId: 'g',
    owns: () => this.owned,
    confirm: async () => {
      this.told.push('confirm')
      return this.membership
    },
    committed: async () => {
      this.told.push('read')
      return { offset: this.committed, metadata: `m${this.committed}` }
    },
    connect: () => ({
      claim: () => {
        this.told.push('claim')
        return this.claims()
      },
      run: async (_, { offset }) => {
        this.told.push(`run ${offset}`)
        await this.runs.shift()?.()
      },
      close: async () => void this.told.push('close'),
      abandon: () => void this.told.push('abandon'),
    }),
  })

  async until(last: string): Promise<void> {
    while (this.told.at(-1) !== last) await new Promise((resolve) => setImmediate(resolve))
  }

  /** What is told from now on. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    const from = this.told.length
    await work()
    return this.told.slice(from)
  }
}

async function claimed(...runs: (() => Promise<void>)[]): Promise<Scene> {
  const scene = new Scene()
  scene.runs.push(...runs)
  await scene.id.claim()
  return scene
}

afterEach(() => void vi.restoreAllMocks())

describe('after an error', () => {
  test.each(['begin', 'send', 'offsets'] as const)(
    'at %s the next request claims the id anew, and is run',
    async (step) => {
      const scene = await claimed(fails(step))
      expect(await scene.id.transact(request(5))).toMatchObject({ status: 'unknown' })
      const told = await scene.during(async () => expect(await scene.id.transact(request(5))).toEqual({ status: 'ok' }))
      expect(told).toEqual(['confirm', 'claim', 'run 5'])
    },
  )

  test('at send, outputs that are not taken are named, and any other request may follow', async () => {
    const declined = { outputs: [OUTPUT], reason: new HoldfastError('HF_TOPIC_MISSING', 'it does not exist.') }
    const scene = await claimed(declines(declined))
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'declined', ...declined })
    const told = await scene.during(async () => expect(await scene.id.transact(request(3))).toEqual({ status: 'ok' }))
    expect(told).toEqual(['confirm', 'claim', 'run 3'])
  })

  test('at send, outputs that are not taken are named also where that took longer than the transaction may', async () => {
    const declined = { outputs: [OUTPUT], reason: new HoldfastError('HF_PRODUCE_FAILED', 'no leader.') }
    const scene = await claimed(async () => {
      const atMs = performance.now()
      vi.spyOn(performance, 'now').mockReturnValue(atMs + 40_000)
      await declines(declined)()
    })
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'declined', ...declined })
  })

  test('at send, what looks like a fence after so long is none', async () => {
    const scene = await claimed(async () => {
      const atMs = performance.now()
      vi.spyOn(performance, 'now').mockReturnValue(atMs + 40_000)
      await fails('send', 'INVALID_PRODUCER_EPOCH')()
    })
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'unknown' })
  })

  test('at send, what was too large at once is tried again until it is one record', async () => {
    const reason = new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')
    const [two, one] = [
      { outputs: [OUTPUT, OUTPUT], reason },
      { outputs: [OUTPUT], reason },
    ]
    const scene = await claimed(declines(two), declines(two), declines(one))
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'declined', outputs: [OUTPUT] })
    expect(scene.told.filter((what) => what === 'run 5')).toHaveLength(3)
  })

  test('at commit, a request that had succeeded is not run again', async () => {
    const scene = await claimed(fails('commit'))
    await scene.id.transact(request(5))
    scene.committed = 5
    const told = await scene.during(async () => expect(await scene.id.transact(request(5))).toEqual({ status: 'ok' }))
    // Before the claim the offset could still change.
    expect(told).toEqual(['confirm', 'claim', 'read'])
    expect(await scene.during(() => scene.id.transact(request(7)))).toEqual(['run 7'])
  })

  test('at commit, a request that had not succeeded is run again after a second look', async () => {
    const scene = await claimed(fails('commit'))
    await scene.id.transact(request(5))
    const told = await scene.during(() => scene.id.transact(request(5)))
    expect(told).toEqual(['confirm', 'claim', 'read', 'read', 'run 5'])
  })

  test('a claim in between leaves the question open', async () => {
    const scene = await claimed(fails('commit'))
    await scene.id.transact(request(5))
    await scene.id.claim()
    scene.committed = 5
    expect(await scene.during(() => scene.id.transact(request(5)))).toEqual(['read'])
  })

  test('a new epoch, whose start was read after its claim, asks nothing', async () => {
    const scene = await claimed(fails('commit'))
    await scene.id.transact(request(5))
    await scene.id.claim()
    expect(await scene.during(() => scene.id.transact(request(5, 2)))).toEqual(['run 5'])
  })
})

describe('before the start of a partition is read that stays', () => {
  test('what was committed last is visible', async () => {
    const scene = await claimed()
    await scene.id.transact(request(5))
    const settled = scene.id.isSettled()
    await scene.until('read')
    scene.told.push('committed 5')
    scene.committed = 5
    expect(await settled).toBe(true)
    expect(scene.told.slice(-2)).toEqual(['committed 5', 'read'])
  })

  test('nothing is asked where nothing was committed, or the id was claimed since', async () => {
    const scene = await claimed()
    expect(await scene.during(() => scene.id.isSettled())).toEqual([])
    await scene.id.transact(request(5))
    await scene.id.claim()
    expect(await scene.during(() => scene.id.isSettled())).toEqual([])
  })

  test('an id without a producer has to be claimed', async () => {
    const scene = await claimed(fails('send'))
    await scene.id.transact(request(5))
    expect(await scene.id.isSettled()).toBe(false)
  })
})

describe('whose id it is', () => {
  test('nobody claims it whom the group does not count in', async () => {
    const scene = await claimed(fails('send'))
    await scene.id.transact(request(5))
    scene.membership = 'fenced'
    let result: TransactionResult | undefined
    const told = await scene.during(async () => {
      result = await scene.id.transact(request(5))
    })
    expect(told).toEqual(['confirm'])
    expect(codeOf(result as TransactionResult)).toBe('HF_COMMIT_FENCED')
  })

  test('nor while the group does not answer', async () => {
    const scene = await claimed(fails('send'))
    await scene.id.transact(request(5))
    scene.membership = 'unknown'
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'unknown' })
    expect(scene.told.filter((what) => what === 'claim')).toHaveLength(1)
  })

  test.each(['send', 'offsets', 'commit'] as const)(
    'a producer that is fenced at %s while the group counts it in does not claim it back',
    async (step) => {
      const scene = await claimed(fails(step, 'INVALID_PRODUCER_EPOCH'))
      expect(codeOf(await scene.id.transact(request(5)))).toBe('HF_TRANSACTIONAL_ID_TAKEN')
      expect(scene.told.filter((what) => what === 'claim')).toHaveLength(1)
    },
  )

  test('nor when the group answers later only', async () => {
    const scene = await claimed(fails('send', 'INVALID_PRODUCER_EPOCH'))
    scene.membership = 'unknown'
    expect(await scene.id.transact(request(5))).toMatchObject({ status: 'unknown' })
    scene.membership = 'member'
    expect(codeOf(await scene.id.transact(request(5)))).toBe('HF_TRANSACTIONAL_ID_TAKEN')
    expect(scene.told.filter((what) => what === 'claim')).toHaveLength(1)
  })

  test('a zombie is fenced, and that is all', async () => {
    const scene = await claimed(fails('send', 'INVALID_PRODUCER_EPOCH'))
    scene.membership = 'fenced'
    expect(codeOf(await scene.id.transact(request(5)))).toBe('HF_COMMIT_FENCED')
  })

  test('a claim of our own that overtakes a transaction is no fence', async () => {
    const held = Promise.withResolvers<void>()
    const scene = await claimed(async () => {
      await held.promise
      await fails('commit', 'INVALID_PRODUCER_EPOCH')()
    })
    const result = scene.id.transact(request(5))
    await scene.until('run 5')
    await scene.id.claim()
    held.resolve()
    expect(await result).toMatchObject({ status: 'unknown' })
    scene.committed = 5
    expect(await scene.id.transact(request(5))).toEqual({ status: 'ok' })
  })

  test('a claim of our own that overtakes what is sent is no fault of its topic', async () => {
    const held = Promise.withResolvers<void>()
    const scene = await claimed(async () => {
      await held.promise
      await declines({ outputs: [OUTPUT], reason: new HoldfastError('HF_PRODUCE_FAILED', 'closed.') })()
    })
    const result = scene.id.transact(request(5))
    await scene.until('run 5')
    await scene.id.claim()
    held.resolve()
    expect(await result).toMatchObject({ status: 'unknown' })
  })

  test('an end of the membership ends a claim that goes on trying, and nothing is run', async () => {
    const scene = await claimed(fails('send'))
    await scene.id.transact(request(5))
    const held = Promise.withResolvers<void>()
    scene.claims = () => held.promise
    const result = scene.id.transact(request(5))
    await scene.until('claim')
    scene.id.end()
    expect(scene.told.at(-1)).toBe('abandon')
    held.resolve()
    expect(await result).toMatchObject({ status: 'unknown' })
    expect(scene.told.filter((what) => what.startsWith('run'))).toHaveLength(1)
  })

  test('nothing is sent for a partition that is not ours under its epoch', async () => {
    const scene = await claimed()
    scene.owned = false
    expect(await scene.during(() => scene.id.transact(request(5)))).toEqual([])
  })
})

test.each(['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'OFFSET_METADATA_TOO_LARGE'])('%s is final', async (type) => {
  const scene = await claimed(fails('offsets', type))
  const result = await scene.id.transact(request(5))
  expect(result.status).toBe('fenced')
  expect(codeOf(result)).toBe('HF_TRANSACTION_REFUSED')
})
