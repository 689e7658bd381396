import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { mendRequestQueue } from '../../src/internals/request-queue.ts'

interface Request {
  readonly entry: {
    readonly correlationId: number
    readonly apiName: string
    readonly resolve: (response: unknown) => void
    readonly reject: (error: Error) => void
  }
  readonly expectResponse: boolean
  readonly sendRequest: () => void
}

interface Queue {
  push(request: Request): void
  fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void
  maybeThrottle(ms: number | null | undefined): void
  scheduleRequestTimeoutCheck(): void
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
  destroy(): void
}

interface QueueClass {
  new (options: object): Queue
  readonly prototype: Queue
}

const RequestQueue = requireInternal<QueueClass>('network/requestQueue')
const unmended = RequestQueue.prototype.scheduleCheckPendingRequests
const queues: Queue[] = []

function createQueue(options: object = {}): Queue {
  const queue = new RequestQueue({
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    clientId: 'test',
    broker: 'localhost:9092',
    logger: { debug: () => {}, warn: () => {} },
    ...options,
  })
  queues.push(queue)
  return queue
}

function createRequest(correlationId: number) {
  const sendRequest = vi.fn()
  const resolve = vi.fn()
  const reject = vi.fn()
  const entry = { correlationId, apiName: 'Fetch', resolve, reject }
  return { request: { entry, expectResponse: true, sendRequest }, sendRequest, resolve, reject }
}

const fulfil = (queue: Queue, correlationId: number): void =>
  queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
  mendRequestQueue()
})
afterEach(() => {
  for (const queue of queues.splice(0)) queue.destroy()
  vi.useRealTimers()
})

describe('an idle queue', () => {
  it('arms no timer, also after requests came and went', () => {
    const queue = createQueue()
    queue.checkPendingRequests()
    for (let id = 0; id < 3; id++) {
      queue.push(createRequest(id).request)
      fulfil(queue, id)
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it('arms no timer for a throttling that ended or has nothing to hold back', () => {
    const queue = createQueue()
    queue.maybeThrottle(500)
    queue.checkPendingRequests()
    vi.advanceTimersByTime(1_000)
    queue.checkPendingRequests()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('spins as kafkajs comes', () => {
    RequestQueue.prototype.scheduleCheckPendingRequests = unmended
    createQueue().checkPendingRequests()
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(1)
  })
})

describe('throttling', () => {
  it('holds requests back until it ends, then drains them in order', () => {
    const queue = createQueue()
    const requests = [createRequest(0), createRequest(1)]
    queue.maybeThrottle(500)
    for (const { request } of requests) queue.push(request)
    vi.advanceTimersByTime(499)
    expect(requests[0]?.sendRequest).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    const order = requests.map(({ sendRequest }) => sendRequest.mock.invocationCallOrder[0])
    expect(order).toEqual([...order].sort())
    expect(order).not.toContain(undefined)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits on when it is prolonged meanwhile', () => {
    const queue = createQueue()
    const { request, sendRequest } = createRequest(0)
    queue.maybeThrottle(100)
    queue.push(request)
    queue.maybeThrottle(300)
    vi.advanceTimersByTime(299)
    expect(sendRequest).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(sendRequest).toHaveBeenCalledOnce()
  })

  it.each([null, undefined, 0, -1, Number.NaN])('ignores a throttle time of %s', (ms) => {
    const queue = createQueue()
    const { request, sendRequest } = createRequest(0)
    queue.maybeThrottle(ms)
    queue.push(request)
    expect(sendRequest).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('arms timers Node accepts only', () => {
    const setTimeout = vi.spyOn(globalThis, 'setTimeout')
    const queue = createQueue()
    queue.maybeThrottle(2 ** 40)
    queue.push(createRequest(0).request)
    queue.destroy()
    queue.maybeThrottle(5)
    queue.checkPendingRequests()
    const delays = setTimeout.mock.calls.map(([, delay]) => delay)
    expect(delays.length).toBeGreaterThan(0)
    for (const delay of delays) expect(delay).toSatisfy((ms: number) => ms > 0 && ms < 2 ** 31)
  })
})

describe('the in-flight limit', () => {
  it('lets the next request go when an answer or a time-out frees a place', () => {
    const queue = createQueue({ maxInFlightRequests: 1 })
    const requests = [createRequest(0), createRequest(1), createRequest(2)]
    queue.scheduleRequestTimeoutCheck()
    for (const { request } of requests) queue.push(request)
    fulfil(queue, 0)
    expect(requests[1]?.sendRequest).toHaveBeenCalledOnce()
    expect(requests[2]?.sendRequest).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_200)
    expect(requests[1]?.reject).toHaveBeenCalledOnce()
    expect(requests[2]?.sendRequest).toHaveBeenCalledOnce()
  })
})

describe('request time-outs', () => {
  it('still fire', () => {
    const queue = createQueue()
    const { request, reject } = createRequest(0)
    queue.scheduleRequestTimeoutCheck()
    queue.push(request)
    vi.advanceTimersByTime(1_000)
    expect(reject).not.toHaveBeenCalled()
    vi.advanceTimersByTime(200)
    expect(reject).toHaveBeenCalledWith(expect.objectContaining({ name: 'KafkaJSRequestTimeoutError' }))
  })
})

it('makes Node print no TimeoutNegativeWarning', async () => {
  vi.useRealTimers()
  const warnings: string[] = []
  const onWarning = ({ name }: Error): unknown => warnings.push(name)
  process.on('warning', onWarning)
  const queue = createQueue()
  queue.push(createRequest(0).request)
  fulfil(queue, 0)
  queue.checkPendingRequests()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})
