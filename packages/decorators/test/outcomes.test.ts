import { HoldfastError } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consumersOf, Handler, type SharedOptions } from '../src/index.ts'
import { recordDriver } from './fixtures/record-driver.ts'
import { silent } from './fixtures/silent-logger.ts'
import { compileUnchecked, fixture, MODES, removeFolder, temporaryFolder } from './support/compiled.ts'

type Outcomes = typeof import('./fixtures/outcomes.ts')

const topics = {
  orders: [{ id: 'o1' }],
  parcels: [{ id: 'p1' }],
  audits: [1, 2],
}
const shared = (): SharedOptions & { driver: ReturnType<typeof recordDriver> } => ({
  driver: recordDriver(topics),
  maxPollRecords: 10,
  logger: silent,
})

/** Runs until everything of the consumer's topics is handled. */
async function linesOf(instance: { lines: string[] }, expected: number, options = shared()): Promise<string[]> {
  const [consumer] = consumersOf(instance, options) as [ReturnType<typeof consumersOf>[number]]
  const running = consumer.run()
  await expect.poll(() => instance.lines.length, { interval: 5, timeout: 2_000 }).toBe(expected)
  await consumer.stop()
  await running
  return instance.lines.toSorted()
}

function errorOf(action: () => unknown): HoldfastError {
  try {
    action()
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function optionOf(instance: object, name: string, options: SharedOptions = shared()): string | undefined {
  return consumersOf(instance, options)[0]?.config.find((entry) => entry.name === name)?.value
}

describe.each(MODES)('%s decorators', (mode) => {
  let folder = ''
  let classes: Outcomes
  beforeAll(async () => {
    folder = await temporaryFolder()
    await compileUnchecked(mode, folder)
    classes = await import(/* @vite-ignore */ fixture(folder, 'outcomes'))
  }, 20_000)
  afterAll(() => removeFolder(folder))

  it('binds handlers to the instance', async () => {
    expect(await linesOf(new classes.Base(), 2)).toEqual(['Base.audit 2', 'Base.take o1 hello'])
  })

  it('names handlers by class and method', async () => {
    const names = new Set<string>()
    const [consumer] = consumersOf(new classes.Inherits(), shared())
    consumer?.on('record:settled', ({ handler }) => names.add(handler))
    const running = consumer?.run()
    await expect
      .poll(() => [...names].toSorted(), { interval: 5, timeout: 2_000 })
      .toEqual(['Inherits.audit', 'Inherits.take'])
    await consumer?.stop()
    await running
  })

  it('lets a subclass inherit handlers and options', async () => {
    expect(optionOf(new classes.Inherits(), 'groupId')).toBe("'base'")
    expect(optionOf(new classes.Inherits(), 'concurrency')).toBe('3')
    expect(await linesOf(new classes.Inherits(), 2)).toEqual(['Base.audit 2', 'Base.take o1 hello'])
  })

  it('runs an override without a decorator under the registration of the base', async () => {
    const lines = await linesOf(new classes.OverridesPlainly(), 2)
    expect(lines).toEqual(['Base.audit 2', 'OverridesPlainly.take o1'])
  })

  it('replaces the registration where the override is decorated', async () => {
    const options = shared()
    const lines = await linesOf(new classes.OverridesDecorated(), 2, options)
    expect(lines).toEqual(['Base.audit 2', 'OverridesDecorated.take p1'])
    expect([...options.driver.committed.keys()].toSorted()).toEqual(['base audits', 'base parcels'])
  })

  it('replaces it also where base and subclass were compiled with different decorators', async () => {
    class Other extends classes.Base {
      override take(): void {
        this.lines.push('Other.take')
      }
    }
    Handler('parcels')(Other.prototype, 'take', Object.getOwnPropertyDescriptor(Other.prototype, 'take') ?? {})
    const options = shared()
    expect(await linesOf(new Other(), 2, options)).toEqual(['Base.audit 2', 'Other.take'])
    expect([...options.driver.committed.keys()].toSorted()).toEqual(['base audits', 'base parcels'])
  })

  it('leaves the base as it was after a subclass has overridden it', async () => {
    void [new classes.OverridesDecorated(), new classes.OwnConsumer()]
    expect(await linesOf(new classes.Base(), 2)).toEqual(['Base.audit 2', 'Base.take o1 hello'])
  })

  it("replaces the base's options, all of them, with a subclass's own @Consumer", async () => {
    expect(optionOf(new classes.OwnConsumer(), 'groupId')).toBe("'own'")
    expect(optionOf(new classes.OwnConsumer(), 'concurrency')).toBe('10')
    const lines = await linesOf(new classes.OwnConsumer(), 3)
    expect(lines).toEqual(['Base.audit 2', 'Base.take o1 hello', 'OwnConsumer.parcel'])
  })

  it('lets options of the class win over shared ones', () => {
    const options = { ...shared(), groupId: 'shared', concurrency: 7, maxPollRecords: 11 }
    expect(optionOf(new classes.Base(), 'groupId', options)).toBe("'base'")
    expect(optionOf(new classes.Base(), 'concurrency', options)).toBe('3')
    expect(optionOf(new classes.Base(), 'maxPollRecords', options)).toBe('11')
  })

  it('puts the middleware of the class around that of the method', async () => {
    expect(await linesOf(new classes.Surrounded(), 1)).toEqual(['class method o1'])
  })

  it('gives a method its circuit breaker, and the class one to the others', async () => {
    const dependent = new classes.Dependent()
    const [consumer] = consumersOf(dependent, shared()) as [ReturnType<typeof consumersOf>[number]]
    const opened: string[] = []
    consumer.on('circuit:opened', ({ circuit }) => void opened.push(circuit))
    const running = consumer.run()
    await expect.poll(() => dependent.lines, { interval: 5, timeout: 2_000 }).toEqual(['o1', 'o1'])
    expect(consumer.status().circuits.map(({ circuit, topics }) => [circuit, ...topics])).toEqual([
      ['smtp', 'orders'],
      ['database', 'parcels'],
    ])
    await consumer.stop()
    await running
    expect(opened).toEqual(['smtp'])
  })

  it('keeps two instances of a class apart', async () => {
    const [one, two] = [new classes.Base('one'), new classes.Base('two')]
    const both = await Promise.all([linesOf(one, 2), linesOf(two, 2)])
    expect(both).toEqual([
      ['Base.audit 2', 'Base.take o1 one'],
      ['Base.audit 2', 'Base.take o1 two'],
    ])
  })

  it('makes new consumers at each call', () => {
    const instance = new classes.Base()
    expect(consumersOf(instance, shared())[0]).not.toBe(consumersOf(instance, shared())[0])
  })

  it('finds the handlers of an instance behind a proxy', async () => {
    const lines = await linesOf(new Proxy(new classes.Base(), {}), 2)
    expect(lines).toEqual(['Base.audit 2', 'Base.take o1 hello'])
  })

  it('finds a method that another decorator wraps', async () => {
    expect(await linesOf(new classes.Wrapped(), 1)).toEqual(['Wrapped.take'])
  })

  it("accepts TypeScript's protected methods and symbols as names", async () => {
    expect(await linesOf(new classes.Visibility(), 2)).toEqual(['protected o1', 'symbol'])
  })

  it('refuses handlers without @Consumer', () => {
    const error = errorOf(() => consumersOf(new classes.NoConsumer(), shared()))
    expect(error.code).toBe('HF_OPTION_INVALID')
    expect(error.message).toMatch(/NoConsumer has @Handler take, but no @Consumer.*\n.*Fix: .*class NoConsumer/)
  })

  it('refuses @Consumer without handlers, also right after a class that has some', () => {
    void new classes.NoConsumer()
    const error = errorOf(() => consumersOf(new classes.NoHandlers(), shared()))
    expect(error.code).toBe('HF_HANDLER_MISSING')
    expect(error.message).toMatch(/NoHandlers has @Consumer, but no method.*\n.*Fix: /)
  })

  it('refuses a class without decorators, and what is no instance', () => {
    const undecorated = errorOf(() => consumersOf(new classes.Undecorated(), shared()))
    expect(undecorated.message).toMatch(/Undecorated has neither @Consumer nor @Handler/)
    expect(errorOf(() => consumersOf(classes.Base as never)).message).toMatch(/not Base.*\n.*new Base/)
    expect(errorOf(() => consumersOf(undefined as never)).message).toMatch(/not undefined/)
  })

  it('refuses a class without a driver, and takes its own', () => {
    const error = errorOf(() => consumersOf(new classes.Base()))
    expect(error.code).toBe('HF_OPTION_INVALID')
    expect(error.message).toMatch(/Base has no driver.*\n.*Fix: /)
  })

  it('refuses handlers among the options', () => {
    const options = { ...shared(), handlers: [] }
    expect(errorOf(() => consumersOf(new classes.Base(), options)).message).toMatch(/handlers was given/)
  })

  it('refuses two handler decorators on one method', () => {
    const message = /\.take has 2 handler decorators.*\n.*Fix: /
    expect(errorOf(() => consumersOf(new classes.HandlerTwice(), shared())).message).toMatch(message)
    expect(errorOf(() => consumersOf(new classes.HandlerTwiceAround(), shared())).message).toMatch(message)
  })

  it('refuses two @Consumer on one class', () => {
    expect(errorOf(classes.consumerTwice).message).toMatch(/Twice has two @Consumer decorators.*\n.*Fix: /)
  })

  it('refuses static methods', () => {
    expect(errorOf(classes.staticHandler).message).toMatch(/@Handler stands on a static method, take.*\n.*Fix: /)
  })

  it.runIf(mode === 'standard')('refuses #private methods', async () => {
    const { privateHandler } = await import(/* @vite-ignore */ fixture(folder, 'private-method'))
    expect(errorOf(privateHandler).message).toMatch(/@Handler stands on a private method, #take.*\n.*Fix: /)
  })
})
