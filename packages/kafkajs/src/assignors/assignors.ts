import {
  type Claim,
  NO_CLAIM,
  readCooperativeClaim,
  readStickyClaim,
  writeCooperativeUserData,
  writeStickyUserData,
} from './claims-on-wire.ts'
import type { ConsumerSubscription } from './consumer-protocol.ts'
import { assignCooperativeSticky } from './cooperative-sticky.ts'
import type { Assign } from './layout.ts'
import { assignRange } from './range.ts'
import { assignRoundRobin } from './roundrobin.ts'
import { assignSticky } from './sticky.ts'

/** Names as in Java's `partition.assignment.strategy`. */
export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

export interface Assignor {
  readonly name: AssignorName
  /** `eager`: a member gives up everything before it joins. `cooperative`: it keeps all that the assignment leaves it. */
  readonly protocol: 'eager' | 'cooperative'
  readonly assign: Assign
  /** Whether a member tells what it owned. */
  readonly isSticky: boolean
  userData(claim: Claim): Buffer | null
  readClaim(subscription: ConsumerSubscription): Claim
}

export const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = {
  range: {
    name: 'range',
    protocol: 'eager',
    assign: assignRange,
    isSticky: false,
    userData: () => null,
    readClaim: () => NO_CLAIM,
  },
  roundrobin: {
    name: 'roundrobin',
    protocol: 'eager',
    assign: assignRoundRobin,
    isSticky: false,
    userData: () => null,
    readClaim: () => NO_CLAIM,
  },
  sticky: {
    name: 'sticky',
    protocol: 'eager',
    assign: assignSticky,
    isSticky: true,
    userData: writeStickyUserData,
    readClaim: readStickyClaim,
  },
  'cooperative-sticky': {
    name: 'cooperative-sticky',
    protocol: 'cooperative',
    assign: assignCooperativeSticky,
    isSticky: true,
    userData: writeCooperativeUserData,
    readClaim: readCooperativeClaim,
  },
}
