import type { ConsumerOptions } from '@holdfast/core'
import type { KafkajsOptions } from '@holdfast/kafkajs'
import { CONSUMER_PROPERTIES, consumerOptions } from './consumer-options.ts'
import { DRIVER_PROPERTIES, driverOptions } from './driver-options.ts'
import { FLAGS, type GivenFlags } from './flags.ts'
import { type Given, type GivenProperties, type ReadText, readWholeNumber, textReader } from './given.ts'
import { type Origins, originsOf } from './mapping.ts'
import { parseProperties } from './properties.ts'

/** What one run of the program does. */
export interface Settings {
  readonly topic: string
  readonly groupId: string
  readonly maxMessages: number
  readonly tellsRecords: boolean
  readonly tellsCommits: boolean
  readonly driver: KafkajsOptions
  readonly consumer: Partial<ConsumerOptions>
  readonly origins: Origins
  /** What was given and has no effect. */
  readonly warnings: readonly string[]
}

/** Known beside the tables of options. */
const OTHER_PROPERTIES: readonly string[] = [
  'auto.commit.interval.ms',
  'enable.auto.commit',
  'group.id',
  'group.instance.id',
  'group.protocol',
  'partition.assignment.strategy',
  'security.protocol',
]

/**
 * Puts flags over the properties of the file, as Kafka's tool does, and makes options of both.
 * @throws HF_OPTION_INVALID naming the flag or property
 */
export function readSettings(flags: GivenFlags, readFile: (path: string) => string): Settings {
  const readText = textReader(readFile)
  const given: GivenProperties = new Map([...readConfigFile(flags, readText), ...propertiesOf(flags)])
  const tellsCommits = !flags.has('enable-autocommit')
  return {
    topic: flags.get('topic') ?? '',
    groupId: flags.get('group-id') ?? '',
    maxMessages: readLimit(flags.get('max-messages')),
    tellsRecords: flags.has('verbose'),
    tellsCommits,
    driver: driverOptions(given, readText),
    consumer: consumerOptions(given, tellsCommits),
    origins: new Map([
      ['topics', '--topic'],
      ['groupId', '--group-id'],
      ...originsOf(CONSUMER_PROPERTIES, given),
      ...originsOf(DRIVER_PROPERTIES, given),
    ]),
    warnings: warningsOf(given),
  }
}

function readConfigFile(flags: GivenFlags, readText: ReadText): [property: string, given: Given][] {
  const flag = ['command-config', 'consumer.config'].find((name) => flags.has(name))
  if (flag === undefined) return []
  const path = flags.get(flag) ?? ''
  const properties = parseProperties(readText(path, `--${flag}`))
  return [...properties].map(([property, text]) => [property, { origin: `${property} in ${path}`, text }])
}

function propertiesOf(flags: GivenFlags): [property: string, given: Given][] {
  return Object.entries(FLAGS).flatMap(([name, { property }]) => {
    const text = flags.get(name)
    return property === undefined || text === undefined ? [] : [[property, { origin: `--${name}`, text }]]
  })
}

function readLimit(text = '-1'): number {
  const limit = readWholeNumber({ origin: '--max-messages', text })
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}

/** Security is not among them: what of it cannot be done is refused, or belongs to a protocol that is not in use. */
function warningsOf(given: GivenProperties): string[] {
  const known = [...Object.keys(CONSUMER_PROPERTIES), ...Object.keys(DRIVER_PROPERTIES), ...OTHER_PROPERTIES]
  return [...given]
    .filter(([property]) => !known.includes(property) && !/^(?:ssl|sasl)\./.test(property))
    .map(([, { origin }]) => `${origin} has no effect here and is ignored`)
}
