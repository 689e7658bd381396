import { parseArgs } from 'node:util'
import { refuse } from './given.ts'

export interface FlagSpec {
  /** What stands for its value in the usage; a flag without one is a switch. */
  readonly value?: string
  /** The Kafka property that it sets. */
  readonly property?: string
  readonly isRequired?: true
  readonly summary: string
}

/** The flags of Kafka's own tool. Of two that set one property, the later in this table wins. */
export const FLAGS: Readonly<Record<string, FlagSpec>> = {
  topic: { value: 'TOPIC', isRequired: true, summary: 'what to consume' },
  'group-id': { value: 'GROUP', isRequired: true, property: 'group.id', summary: 'the group to join' },
  'broker-list': { value: 'HOST:PORT[,…]', property: 'bootstrap.servers', summary: 'older name of the next' },
  'bootstrap-server': { value: 'HOST:PORT[,…]', property: 'bootstrap.servers', summary: 'the brokers' },
  'group-instance-id': { value: 'ID', property: 'group.instance.id', summary: 'makes the member static' },
  'group-protocol': { value: 'NAME', property: 'group.protocol', summary: 'classic' },
  'group-remote-assignor': { value: 'NAME', property: 'group.remote.assignor', summary: 'no effect with classic' },
  'assignment-strategy': {
    value: 'NAME[,…]',
    property: 'partition.assignment.strategy',
    summary: 'names or Java classes [range]',
  },
  'session-timeout': { value: 'MS', property: 'session.timeout.ms', summary: 'the session time-out [30000]' },
  'reset-policy': { value: 'NAME', property: 'auto.offset.reset', summary: 'earliest or latest [earliest]' },
  'max-messages': { value: 'N', summary: 'stop after so many records; negative: never [-1]' },
  'enable-autocommit': { property: 'enable.auto.commit', summary: 'tell no commits' },
  verbose: { summary: 'tell every record' },
  'consumer.config': { value: 'FILE', summary: 'Kafka properties; flags win over them' },
  'command-config': { value: 'FILE', summary: 'newer name of --consumer.config' },
  help: { summary: 'show this' },
}

/** Flags by name without dashes; a switch has the value `true`. */
export type GivenFlags = ReadonlyMap<string, string>

/**
 * Reads the command line. A flag that is repeated has its last value, as with Kafka's tool.
 * @throws HF_OPTION_INVALID naming the flag
 */
export function readFlags(args: readonly string[]): GivenFlags {
  const given = new Map<string, string>()
  // Not strict: the strict mode refuses the `-1` of `--max-messages -1`, which Kafka's harness may send.
  for (const token of parseArgs({ args: [...args], options: parserOptions(), strict: false, tokens: true }).tokens) {
    if (token.kind === 'positional')
      throw refuse(JSON.stringify(token.value), 'belongs to no flag', 'remove it, or write the flag before it')
    if (token.kind === 'option') given.set(token.name, readValue(token))
  }
  if (!given.has('help')) checkRequired(given)
  return given
}

export function showUsage(): string {
  const lines = Object.entries(FLAGS).map(([name, { value, summary }]) => {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`
    return `  ${flag.padEnd(36)}${summary}`
  })
  return ['usage: verifiable-consumer --bootstrap-server … --topic … --group-id … [flags]', ...lines].join('\n')
}

function parserOptions(): Record<string, { type: 'string' | 'boolean' }> {
  return Object.fromEntries(
    Object.entries(FLAGS).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
  )
}

function readValue({ name, rawName, value }: { name: string; rawName: string; value?: string | undefined }): string {
  const spec = FLAGS[name]
  if (spec === undefined) throw refuse(rawName, 'is not a flag of this program', 'remove it; --help shows the flags')
  if (spec.value === undefined) {
    if (value === undefined) return 'true'
    throw refuse(rawName, `takes no value, but has ${JSON.stringify(value)}`, `write ${rawName} alone`)
  }
  if (value === undefined || value === '' || value.startsWith('--'))
    throw refuse(rawName, 'lacks its value', `write ${rawName} ${spec.value}`)
  return value
}

function checkRequired(given: GivenFlags): void {
  for (const [name, { isRequired, value }] of Object.entries(FLAGS)) {
    if (isRequired && !given.has(name)) throw refuse(`--${name}`, 'is missing', `add --${name} ${value}`)
  }
  if (given.has('bootstrap-server') || given.has('broker-list')) return
  throw refuse('--bootstrap-server', 'is missing', 'add --bootstrap-server HOST:PORT')
}
