import { createHealthServer, fileStartStore, type Middleware, poisonGuard } from '@holdfast/core'
import { consumersOf } from '@holdfast/decorators'
import { kafkajs } from '@holdfast/kafkajs'
import { type Logger, pino } from 'pino'
import { openDatabase } from './look-up/database.ts'
import { dyingAt } from './look-up/fatal-request.ts'
import { databaseLookUp } from './look-up/look-up.ts'
import { startCatcher } from './mail/catcher.ts'
import { smtpMailer } from './mail/mailer.ts'
import { MailSender } from './mail-sender.ts'
import { CONCURRENCY } from './names.ts'
import { openKeyStore } from './once/key-store.ts'
import { oncePerRequest } from './once/once-per-request.ts'
import { endReports, followParent, reportCircuits, reportDeliveries, reportGroup } from './worker-messages.ts'
import { type WorkerSettings, workerSettings } from './worker-settings.ts'

/** Sends mail until SIGTERM or SIGINT. */
async function work(settings: WorkerSettings, logger: Logger): Promise<void> {
  await using database = await openDatabase(settings.databaseUrl, CONCURRENCY)
  if (settings.databaseUrl === undefined)
    logger.info('DATABASE_URL is not set: an embedded Postgres with sample data is used')
  await using catcher = settings.smtpUrl === undefined ? await startCatcher(() => undefined) : undefined
  if (catcher !== undefined) logger.info('SMTP_URL is not set: mails are caught in this process and go nowhere')
  const smtpUrl = settings.smtpUrl ?? catcher?.url ?? ''
  await using mailer = reportDeliveries(smtpMailer(smtpUrl, settings.from, CONCURRENCY))

  await using keys = await openKeyStore(settings.redisUrl, database)

  const lookUp = dyingAt(settings.fatalRequest, databaseLookUp(database, settings.lookUpTime))
  const sender = new MailSender(lookUp, mailer)
  const { sessionTimeoutMs, strategies, groupInstanceId, startsDirectory } = settings
  // Innermost: a mail that waits until the claim of a dead worker has ended was not begun again.
  const guard = startsDirectory === undefined ? [] : [guardIn(startsDirectory)]
  const consumers = consumersOf(sender, {
    driver: kafkajs(settings.kafka),
    delivery: 'exactly-once',
    use: [oncePerRequest(keys.store, sessionTimeoutMs), ...guard],
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(3_000, Math.floor(sessionTimeoutMs / 5)),
    ...(strategies === undefined ? {} : { partitionAssignmentStrategy: strategies }),
    ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
    logger,
  })
  for (const consumer of consumers) {
    reportGroup(consumer)
    reportCircuits(consumer)
  }
  await using probes =
    settings.health === undefined ? undefined : await createHealthServer({ consumers, ...settings.health })
  if (probes !== undefined) logger.info({ address: probes.address }, 'probes are served at /livez and /readyz')
  await Promise.all(consumers.map((consumer) => consumer.runUntilSignal()))
}

/** A request at which workers died twice is put aside. */
function guardIn(directory: string): Middleware {
  return poisonGuard({ store: fileStartStore(directory), maxDeliveries: 2 })
}

followParent()
try {
  const settings = workerSettings(process.env)
  await work(settings, pino({ name: 'mail-sender', level: settings.logLevel }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  endReports()
}
