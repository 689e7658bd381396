import type { Order } from '@holdfast/core'
import { on } from '@holdfast/core'
import type { Promised } from '../check/delivery-checker.ts'
import type { ArmSettings, Stop } from '../kafka/arm-settings.ts'
import { runHoldfast } from '../kafka/holdfast-consumer.ts'
import { runRaw } from '../kafka/raw-consumer.ts'
import type { Handle } from './delivered.ts'
import { type HandleBatches, handleInChains, handleInPool, toDelivered } from './hand-written.ts'

export interface WaySettings extends ArmSettings {
  /** How many handlers may run at once, where the way has such a number. */
  readonly slots: number
  /** Of holdfast; see `docs/ordering-and-concurrency.md`. */
  readonly maxPollRecords: number
}

/** How records get from a topic to a handler that waits. */
export interface Way {
  readonly promised: Promised
  start(settings: WaySettings, handle: Handle): Promise<Stop>
}

function holdfastWay(order: Order & string, promised: Promised): Way {
  return {
    promised,
    start: (settings, handle) =>
      runHoldfast(settings, {
        order,
        concurrency: settings.slots,
        maxPollRecords: settings.maxPollRecords,
        handlers: [on(settings.topic, handle)],
      }),
  }
}

type AtOnce = (settings: WaySettings) => number

const one: AtOnce = () => 1
const all: AtOnce = ({ partitions }) => partitions

function eachMessageWay(atOnce: AtOnce): Way {
  return {
    promised: 'partition',
    start: (settings, handle) =>
      runRaw(settings, {
        partitionsConsumedConcurrently: atOnce(settings),
        eachMessage: ({ partition, message }) => handle(toDelivered(partition, message)),
      }),
  }
}

function handWrittenWay(promised: Promised, handleBatches: HandleBatches, atOnce: AtOnce): Way {
  return {
    promised,
    start: (settings, handle) =>
      runRaw(settings, {
        partitionsConsumedConcurrently: atOnce(settings),
        eachBatch: handleBatches(settings.slots, handle),
      }),
  }
}

export const WAYS = {
  'holdfast key order': holdfastWay('key', 'key'),
  'holdfast no order': holdfastWay('none', 'nothing'),
  eachMessage: eachMessageWay(one),
  'eachMessage, partitions at once': eachMessageWay(all),
  'pool per batch': handWrittenWay('nothing', handleInPool, one),
  'pool per batch, partitions at once': handWrittenWay('nothing', handleInPool, all),
  'key chains per batch': handWrittenWay('key', handleInChains, one),
  'key chains per batch, partitions at once': handWrittenWay('key', handleInChains, all),
} as const satisfies Readonly<Record<string, Way>>

export type WayName = keyof typeof WAYS
