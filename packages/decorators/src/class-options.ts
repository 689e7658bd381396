import type { ConsumerOptions } from '@holdfast/core'
import { refusal } from './refuse.ts'

/** What `@Consumer` takes: the options of `createConsumer`. The handlers are the methods; `run` may give the driver. */
export interface ConsumerClassOptions extends Omit<ConsumerOptions, 'handlers' | 'driver'> {
  /** The client library, as in `kafkajs({ brokers })`. @default the driver given to `run` or `consumersOf` */
  readonly driver?: ConsumerOptions['driver']
}

/** Options for every class at once. Where a class states an option itself, the class wins: it knows its own needs. */
export interface SharedOptions extends Partial<Omit<ConsumerOptions, 'handlers'>> {}

/** The options of a class over the shared ones. A value of `undefined` counts as not given, as it does in the core. */
export function mergeOptions(shared: SharedOptions, own: ConsumerClassOptions): ConsumerClassOptions {
  if ('handlers' in shared || 'handlers' in own) throw handlersGiven()
  const given = Object.entries(own).filter(([, value]) => value !== undefined)
  return { ...shared, ...(Object.fromEntries(given) as unknown as ConsumerClassOptions) }
}

function handlersGiven(): Error {
  return refusal(
    'HF_OPTION_INVALID',
    'handlers was given for a class, whose handlers are its methods',
    "leave handlers out and write @Handler('topic') above a method",
    { option: 'handlers' },
  )
}
