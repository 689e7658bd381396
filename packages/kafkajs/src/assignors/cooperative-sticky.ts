import { settleClaims } from './claims.ts'
import { type Assign, FREE, layOut, listByMember } from './layout.ts'
import { shareSticky } from './sticky.ts'

/**
 * Java's `cooperative-sticky` (KIP-429): as `sticky`, but a partition that somebody else still has is not given to its
 * new owner yet. Who loses it joins again, and the partition is free in that round.
 */
export const assignCooperativeSticky: Assign = (members, partitionCounts) => {
  const layout = layOut(members, partitionCounts)
  const claims = settleClaims(layout)
  const owners = shareSticky(layout, claims)
  return listByMember(
    layout,
    owners.map((owner, id) => (claims[id] === FREE || claims[id] === owner ? owner : FREE)),
  )
}
