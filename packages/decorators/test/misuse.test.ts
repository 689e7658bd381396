import { HoldfastError } from '@holdfast/core'
import { expect, it } from 'vitest'
import { BatchHandler, Consumer, consumersOf, Handler } from '../src/index.ts'
import { recordDriver } from './fixtures/record-driver.ts'
import { silent } from './fixtures/silent-logger.ts'

// What TypeScript refuses, a service in JavaScript can still write. Decorators are functions, so this file calls them.
type Loose = (...args: unknown[]) => (...place: unknown[]) => unknown
const [handler, batchHandler, consumer] = [Handler, BatchHandler, Consumer] as unknown as [Loose, Loose, Loose]

class Target {
  take(): void {}
  get field(): string {
    return 'field'
  }
}
const descriptor = (key: string) => Object.getOwnPropertyDescriptor(Target.prototype, key)
const descriptorOf = ({ prototype }: typeof Target) => Object.getOwnPropertyDescriptor(prototype, 'take')
const standardContext = ({ prototype }: typeof Target) => ({
  kind: 'method',
  name: 'take',
  static: false,
  private: false,
  // What a compiler runs for each instance.
  addInitializer: (initialise: () => void) => initialise.call(Object.create(prototype)),
})
const field = { kind: 'field', name: 'field', static: false, private: false }

const cases: readonly [what: string, action: () => unknown, message: RegExp][] = [
  [
    '@Handler without a call',
    () => handler(Target.prototype.take, { kind: 'method' }),
    /@Handler takes a topic.*not take/,
  ],
  ['@BatchHandler without topics', () => batchHandler(), /@BatchHandler takes a topic.*not undefined/],
  ['an empty list of topics', () => handler([]), /@Handler takes a topic.*not this list/],
  ['a topic that is no text', () => handler(['orders', 5]), /@Handler takes a topic.*not this list/],
  ['a value that is no decoder', () => handler('orders', { value: 5 }), /value of @Handler must be a schema.*a number/],
  ['a key that is null', () => handler('orders', { key: null }), /key of @Handler must be a schema.*null/],
  ['@Handler on a standard field', () => handler('orders')(undefined, field), /@Handler stands on a field, field/],
  ['@Handler on a getter', () => handler('orders')(Target.prototype, 'field', descriptor('field')), /on a property/],
  ['@Consumer without a call', () => consumer(Target, { kind: 'class' }), /@Consumer takes one object.*not Target/],
  ['@Consumer on a method', () => consumer({ groupId: 'g' })(Target.prototype.take), /@Consumer decorates a class/],
]

it.each(cases)('refuses %s', (_what, action, message) => {
  expect(action).toThrow(HoldfastError)
  expect(action).toThrow(message)
  expect(action).toThrow(/^HF_OPTION_INVALID: .*\n {2}Fix: /)
})

it('refuses two methods for one topic as createConsumer does', () => {
  class Rivals {
    one(): void {}
    two(): void {}
  }
  for (const key of ['one', 'two'] as const) {
    Handler('orders')(Rivals.prototype, key, Object.getOwnPropertyDescriptor(Rivals.prototype, key) ?? {})
  }
  Consumer({ groupId: 'rivals' })(Rivals)
  const options = { driver: recordDriver({}), logger: silent }
  expect(() => consumersOf(new Rivals(), options)).toThrow(/HF_HANDLER_CONFLICT/)
})

it.each([
  ['legacy', (cls: typeof Target) => [cls.prototype, 'take', descriptorOf(cls)]],
  ['standard', (cls: typeof Target) => [cls.prototype.take, standardContext(cls)]],
])('refuses two decorators on a method whose base has none: %s', (_mode, placeOf) => {
  class Twice extends Target {
    override take(): void {}
  }
  const place = placeOf(Twice)
  for (const topic of ['orders', 'parcels']) handler(topic)(...place)
  Consumer({ groupId: 'twice' })(Twice)
  const options = { driver: recordDriver({}), logger: silent }
  expect(() => consumersOf(new Twice(), options)).toThrow(/^HF_OPTION_INVALID: Twice.take has 2 handler decorators/)
})

it('takes a value of undefined as not given, as the core does', () => {
  class Loosely {
    take(): void {}
  }
  Handler('orders')(Loosely.prototype, 'take', Object.getOwnPropertyDescriptor(Loosely.prototype, 'take') ?? {})
  consumer({ groupId: 'loosely', concurrency: undefined })(Loosely)
  const options = { driver: recordDriver({}), logger: silent, concurrency: 4 }
  const concurrency = consumersOf(new Loosely(), options)[0]?.config.find(({ name }) => name === 'concurrency')
  expect(concurrency).toMatchObject({ value: '4', origin: 'given' })
})
