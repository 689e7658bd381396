import { inspect } from 'node:util'
import { OPTION_TABLE } from '../packages/core/src/config/table.ts'
import { ERROR_CODES } from '../packages/core/src/errors/codes.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

/** `docs/options.md`: every option, what it may be, its default, and the Kafka property it stands for. */
export function optionsPage(): string {
  const rows = Object.entries(OPTION_TABLE).map(([name, { allowed, default: fallback, kafka, kafkaDefault, why }]) =>
    row([
      `\`${name}\``,
      allowed,
      fallback === undefined ? '' : `\`${inspect(fallback, { breakLength: Number.POSITIVE_INFINITY })}\``,
      kafka === undefined ? '' : `\`${kafka}\``,
      kafkaDefault === undefined ? '' : `\`${kafkaDefault}\``,
      why === undefined ? '' : `Ours differs: ${why}.`,
    ]),
  )
  return `# Options of createConsumer

Unknown names are refused. \`consumer.printConfig()\` shows what is in force, and whether each value was given, is the
default, or was derived: \`topics\` from the handlers, \`maxBatchRecords\` from \`maxPollRecords\` where that is a number,
\`handlerTimeoutMs\` and \`rebalanceTimeoutMs\` from \`maxPollIntervalMs\` (the latter as in the Java client),
\`stallTimeoutMs\` from \`maxPollIntervalMs\` and \`maxPollWaitMs\`, \`drainBudgetMs\` as 80 % of what the rebalance
time-out leaves after a heartbeat and a fetch, \`maxAttempts\` as 1 with \`delivery: 'at-most-once'\`, and \`concurrency\`
(\`maxConcurrency\` with \`'auto'\`) as \`threads.maxThreads\` where all handlers have \`isolate: 'thread'\`. \`threads\` is
filled up with \`maxThreads: os.availableParallelism()\` and \`idleTimeoutMs: 30000\`. With \`transactions\` the default of
\`commitInterval.ms\` is 100.

${row(['option', 'may be', 'default', 'Kafka property', "Kafka's default", 'note'])}
${row(['---', '---', '---', '---', '---', '---'])}
${rows.join('\n')}
`
}

/** `docs/errors.md`: every code, what it means, whether trying again can help, and what to do. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { meaning, retryable, fix }]) =>
    row([`\`${code}\``, meaning, retryable ? 'yes' : 'no', fix]),
  )
  return `# Errors

Every error is a \`HoldfastError\` with \`code\`, \`retryable\`, \`cause\` and \`details\`. Messages name the setting, or the
topic, partition and offset, with the reason and the fix; they never show a payload or a credential.

${row(['code', 'meaning', 'can trying again help?', 'what to do'])}
${row(['---', '---', '---', '---'])}
${rows.join('\n')}
`
}
