import type { ConsumerOptions } from '@holdfast/core'
import { type Given, type GivenProperties, readList, readOneOf, refuse } from './given.ts'

/** Who this member is in its group, with the names that the options of `createConsumer` will have. */
interface Membership {
  readonly groupInstanceId?: string
  readonly partitionAssignmentStrategy?: readonly string[]
}

const STRATEGIES: Readonly<Record<string, string>> = {
  RangeAssignor: 'range',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
  CooperativeStickyAssignor: 'cooperative-sticky',
}
const JAVA_PACKAGE = 'org.apache.kafka.clients.consumer.'

/** What `createConsumer` has no option for yet. Once it has all, `readMembership` is all that `membershipOptions` needs. */
const NOT_YET: readonly [property: string, isWanted: (membership: Membership) => boolean][] = [
  ['group.instance.id', ({ groupInstanceId }) => groupInstanceId !== undefined],
  [
    'partition.assignment.strategy',
    ({ partitionAssignmentStrategy = [] }) => partitionAssignmentStrategy.some((name) => name !== 'range'),
  ],
]

/**
 * The one place from which the options of the membership are passed on.
 * @throws HF_OPTION_INVALID for what is not known, or not supported yet
 */
export function membershipOptions(given: GivenProperties): Partial<ConsumerOptions> {
  checkProtocol(given.get('group.protocol'))
  const membership = readMembership(given)
  for (const [property, isWanted] of NOT_YET) {
    const value = given.get(property)
    if (value !== undefined && isWanted(membership))
      throw refuse(value.origin, `= ${value.text} is not supported yet`, `leave ${value.origin} out`)
  }
  return {}
}

function checkProtocol(protocol: Given | undefined): void {
  if (protocol === undefined || readOneOf(protocol, ['classic', 'consumer']) === 'classic') return
  throw refuse(protocol.origin, '= consumer is not supported: the driver speaks the classic protocol', 'use classic')
}

function readMembership(given: GivenProperties): Membership {
  const instance = given.get('group.instance.id')
  const strategy = given.get('partition.assignment.strategy')
  return {
    ...(instance === undefined ? {} : { groupInstanceId: instance.text }),
    ...(strategy === undefined ? {} : { partitionAssignmentStrategy: readStrategies(strategy) }),
  }
}

/** Names, and Java's classes with or without their package. */
function readStrategies(strategy: Given): string[] {
  return readList(strategy).map((entry) => {
    const name = entry.startsWith(JAVA_PACKAGE) ? entry.slice(JAVA_PACKAGE.length) : entry
    const text = STRATEGIES[name] ?? name
    return readOneOf({ origin: strategy.origin, text }, Object.values(STRATEGIES))
  })
}
