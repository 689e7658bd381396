import { describe, expect, test } from 'vitest'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { SchemaMismatch } from '../../src/pipeline/decoders.ts'
import { judge, type PlaceInChain } from '../../src/policy/failure.ts'
import { deadLetter, exponential, type FailurePolicy, halt, retry, skip } from '../../src/policy/failure-policy.ts'
import { retryTopics } from '../../src/policy/retry-topics.ts'
import { Fatal, RetryLater, Skip } from '../../src/policy/verdicts.ts'

class SmtpError extends Error {
  readonly status: number
  constructor(status: number) {
    super(`SMTP ${status}`)
    this.status = status
  }
}

const UNDECODABLE = new HoldfastError('HF_DECODE_FAILED', 'not JSON', { cause: new SchemaMismatch([]) })
const BACKOFF = exponential({ fromMs: 100, toMs: 1_000 })
const NO = new Error('no')
const BEFORE = () => ({ at: 'before', next: { topic: 't.retry.5s', delayMs: 5_000 } }) as const

function judged(policy: FailurePolicy, error: unknown, attempt = 1, deadLetterTopic?: string) {
  const record = { topic: 't', partition: 0, offset: 7 }
  let isDoubtful = false
  const steps = policy.stepsFor(error, () => {
    isDoubtful = true
  })
  const part = { steps, isDoubtful, placeIn: BEFORE }
  const failure = { ...part, error, attempt, nth: attempt, handler: 'h', record, nowMs: 1_000, random: 0.5 }
  return judge(failure, { policy, deadLetterTopic })
}

/** What follows attempt after attempt, until it is not a retry. */
function course(policy: FailurePolicy, error: unknown, deadLetterTopic?: string): (string | number)[] {
  const seen: (string | number)[] = []
  for (let attempt = 1; attempt < 50; attempt += 1) {
    const verdict = judged(policy, error, attempt, deadLetterTopic)
    seen.push(verdict.type === 'retry' ? verdict.atMs - 1_000 : verdict.type)
    if (verdict.type !== 'retry') break
  }
  return seen
}

describe('a policy reads as a sentence', () => {
  const policy = retry({ attempts: 3, backoff: BACKOFF })
    .then(deadLetter({ topic: 'dead' }))
    .when(SmtpError, retry({ attempts: 2, backoff: BACKOFF }).then(halt()))
    .when((error) => error === 'gone', skip('nobody to write to'))

  test.each<[string, unknown, (string | number)[]]>([
    ['any error: retries, then the dead letter', NO, [50, 100, 'dead']],
    ['a class: its own course', new SmtpError(451), [50, 'halt']],
    ['a predicate', 'gone', ['skipped']],
    ['no retry of what does not decode', UNDECODABLE, ['dead']],
    ['no retry of what cannot succeed', new Fatal('550'), ['dead']],
    ['the pause that was asked for', new RetryLater(7_000), [7_000, 7_000, 'dead']],
    ['nothing to do', new Skip('unsubscribed'), ['skipped']],
  ])('%s', (_name, error, expected) => {
    expect(course(policy, error)).toEqual(expected)
  })

  test('what it names goes with the outcome', () => {
    expect(judged(policy, NO, 3)).toEqual({ type: 'dead', topic: 'dead', error: NO })
    expect(judged(policy, 'gone')).toEqual({ type: 'skipped', reason: 'nobody to write to', error: 'gone' })
    expect(judged(policy, new Skip('unsubscribed'))).toMatchObject({ reason: 'unsubscribed' })
  })
})

test('without a last step it ends in the dead-letter topic, or where there is none halts', () => {
  expect(course(retry({ attempts: 2, backoff: BACKOFF }), NO, 'dead')).toEqual([50, 'dead'])
  expect(course(retry({ attempts: 2, backoff: BACKOFF }), NO)).toEqual([50, 'halt'])
  expect(judged(retry({ attempts: 1 }), NO)).toMatchObject({
    error: { code: 'HF_HANDLER_FAILED', message: expect.stringContaining('no dead-letter topic is configured') },
  })
  expect(judged(retry({ attempts: 1 }), UNDECODABLE)).toEqual({ type: 'halt', error: UNDECODABLE })
})

test('a retry after a retry begins its pauses anew', () => {
  const slow = exponential({ fromMs: 10_000, toMs: 20_000 })
  const policy = retry({ attempts: 2, backoff: BACKOFF })
    .then(retry({ attempts: 2, backoff: slow }))
    .then(halt())
  expect(course(policy, NO)).toEqual([50, 5_000, 10_000, 'halt'])
})

test('what does not decode is tried again where the policy says so for that very error', () => {
  const policy = deadLetter({ topic: 'd' }).when(SchemaMismatch, retry({ attempts: 2, backoff: BACKOFF }).then(halt()))
  expect(course(policy, UNDECODABLE)).toEqual([50, 'halt'])
})

test('the first case that fits counts, and a case can have cases', () => {
  const inner = halt().when((error) => (error as SmtpError).status >= 500, deadLetter({ topic: 'd' }))
  const policy = halt().when(SmtpError, inner).when(Error, skip('never'))
  expect(judged(policy, new SmtpError(550)).type).toBe('dead')
  expect(judged(policy, new SmtpError(450)).type).toBe('halt')
  expect(judged(policy, NO).type).toBe('skipped')
})

test.each<[string, () => unknown, RegExp]>([
  ['no attempts', () => retry({ attempts: 0 }), /retry\.attempts = 0/],
  ['a back-off that shrinks', () => exponential({ fromMs: 5, toMs: 1 }), /exponential\(\{ fromMs: 5, toMs: 1 \}\)/],
  ['a skip without a reason', () => skip(' '), /skip needs a reason/],
  ['something after the end', () => halt().then(retry()), /nothing can follow halt/],
  ['what is no policy', () => retry().then({} as FailurePolicy), /then takes a failure policy/],
  ['a case that is no filter', () => retry().when('SmtpError' as never, halt()), /when takes a class/],
])('%s is refused', (_name, make, message) => {
  expect(make).toThrow(message)
})

test('a policy that is awaited says so, and does not hang', async () => {
  await expect(async () => await (retry() as unknown as Promise<void>)).rejects.toThrow(/cannot be awaited/)
})

describe('a chain of retry topics', () => {
  const policy = retry({ attempts: 2, backoff: BACKOFF })
    .then(retryTopics(['5s', '1m']))
    .then(deadLetter({ topic: 'dead' }))
  const at = (place: PlaceInChain, error: unknown = NO, nth = 1) =>
    judge(
      {
        error,
        attempt: nth,
        nth,
        handler: 'h',
        record: { topic: 't', partition: 0, offset: 7 },
        nowMs: 1_000,
        random: 0.5,
        steps: policy.steps,
        isDoubtful: false,
        placeIn: () => place,
      },
      { policy, deadLetterTopic: undefined },
    )
  const NEXT = { topic: 't.retry.1m', delayMs: 60_000 }

  test('begins where the retries in place have ended', () => {
    expect(course(policy, NO)).toEqual([50, 'moved'])
    expect(judged(policy, NO, 2)).toMatchObject({ type: 'moved', topic: 't.retry.5s', delayMs: 5_000, error: NO })
  })

  test('is gone along with one attempt in each topic, and ends in what follows it', () => {
    expect(at({ at: 'in', next: NEXT })).toMatchObject({ type: 'moved', ...NEXT, error: NO })
    expect(at({ at: 'in', next: undefined })).toMatchObject({ type: 'dead' })
  })

  test('of another error is not entered from a retry topic', () => {
    expect(at({ at: 'elsewhere' })).toMatchObject({ type: 'retry' })
    expect(at({ at: 'elsewhere' }, NO, 2)).toMatchObject({ type: 'dead' })
  })

  test.each<[string, unknown]>([
    ['cannot succeed', new Fatal('550')],
    ['does not decode', UNDECODABLE],
  ])('is not gone along by what %s', (_name, error) => {
    expect(judged(policy, error)).toMatchObject({ type: 'dead' })
    expect(at({ at: 'in', next: NEXT }, error)).toMatchObject({ type: 'dead' })
  })

  test.each<[string, () => unknown, RegExp]>([
    ['no delays', () => retryTopics([]), /takes a list of delays/],
    ['no unit', () => retryTopics(['5']), /"5" is no delay/],
    ['no time', () => retryTopics(['0s']), /"0s" is no delay/],
    ['longer than a timer can wait', () => retryTopics(['25d']), /of at most 24d/],
    ['a delay that is no number', () => retryTopics([{ topic: 'a', delayMs: Number.NaN }]), /delayMs = NaN/],
    ['a topic without a name', () => retryTopics([{ topic: '', delayMs: 1 }]), /has no name/],
    ['a retry after it', () => retryTopics(['5s']).then(retry()), /retry cannot follow retryTopics/],
    ['another chain after it', () => retryTopics(['5s']).then(retryTopics(['1m'])), /retryTopics cannot follow/],
    ['it after an end', () => halt().then(retryTopics(['5s'])), /nothing can follow halt/],
  ])('is refused with %s', (_name, make, message) => {
    expect(make).toThrow(message)
  })
})
