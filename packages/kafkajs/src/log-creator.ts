import type { Logger } from '@holdfast/core'
import { type logCreator, logLevel } from './internals/kafkajs.ts'

/** kafkajs reports every rebalance as an error of a heartbeat; that is routine here. */
const ROUTINE = /rebalanc/i

/** kafkajs's own lines: what it calls an error is a warning of ours, since the driver decides what is fatal. */
export function forwardLogs(logger: Logger): logCreator {
  return () =>
    ({ level, namespace, log: { message, timestamp: _, ...fields } }) => {
      const isTrouble = level === logLevel.ERROR && !ROUTINE.test(`${message} ${fields.error}`)
      logger[isTrouble ? 'warn' : 'debug']({ client: namespace, ...withoutStack(fields), detail: message }, 'kafkajs')
    }
}

function withoutStack({ stack: _, ...fields }: Record<string, unknown>): Record<string, unknown> {
  return fields
}
