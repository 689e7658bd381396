import type { ConsumerOptions, PartitionAssignmentStrategy } from '@holdfast/core'
import { type Given, type GivenProperties, readList, readOneOf, refuse } from './given.ts'

const STRATEGIES: Readonly<Record<string, PartitionAssignmentStrategy>> = {
  RangeAssignor: 'range',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
  CooperativeStickyAssignor: 'cooperative-sticky',
}
const JAVA_PACKAGE = 'org.apache.kafka.clients.consumer.'

/**
 * Who this member is in its group.
 * @throws HF_OPTION_INVALID for what is not known
 */
export function membershipOptions(given: GivenProperties): Partial<ConsumerOptions> {
  checkProtocol(given.get('group.protocol'))
  const instance = given.get('group.instance.id')
  const strategy = given.get('partition.assignment.strategy')
  return {
    ...(instance === undefined ? {} : { groupInstanceId: instance.text }),
    ...(strategy === undefined ? {} : { partitionAssignmentStrategy: readStrategies(strategy) }),
  }
}

function checkProtocol(protocol: Given | undefined): void {
  if (protocol === undefined || readOneOf(protocol, ['classic', 'consumer']) === 'classic') return
  throw refuse(protocol.origin, '= consumer is not supported: the driver speaks the classic protocol', 'use classic')
}

/** Names, and Java's classes with or without their package. */
function readStrategies(strategy: Given): PartitionAssignmentStrategy[] {
  return readList(strategy).map((entry) => {
    const name = entry.startsWith(JAVA_PACKAGE) ? entry.slice(JAVA_PACKAGE.length) : entry
    const text = STRATEGIES[name] ?? name
    return readOneOf({ origin: strategy.origin, text }, Object.values(STRATEGIES))
  })
}
