import type { Logger } from '@holdfast/core'

/** Whoever asked is told by an error; kafkajs's own words about each try, and about bounded retries, are for debugging. */
export function quiet(logger: Logger): Logger {
  const debug: Logger['debug'] = (fields, message) => logger.debug(fields, message)
  return { trace: debug, debug, info: debug, warn: debug, error: debug, child: (fields) => quiet(logger.child(fields)) }
}
